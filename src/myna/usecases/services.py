"""Everything the service can do, put together by `myna.bootstrap` and handed to the edges."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from myna.usecases.clone_voice import CloneVoice
from myna.usecases.design_voice import DesignVoice
from myna.usecases.detect_mark import DetectMark
from myna.usecases.job_store import JobStore
from myna.usecases.keep_consent import KeepConsent
from myna.usecases.keep_dictionaries import KeepDictionaries
from myna.usecases.keep_house import KeepHouse
from myna.usecases.listen_live import ListenLive
from myna.usecases.manage_voices import ManageVoices
from myna.usecases.ports import Clock, EngineClient, KeyStore, Tallies, TokenVault, VoiceStore
from myna.usecases.refine_voices import RefineVoices
from myna.usecases.remake_voice import RemakeVoice
from myna.usecases.repeated_requests import RepeatedRequests
from myna.usecases.stock import StockVoices
from myna.usecases.synthesize_speech import SynthesizeSpeech
from myna.usecases.transcribe_speech import TranscribeSpeech
from myna.usecases.work_off_jobs import WorkOffJobs


@dataclass(frozen=True, slots=True)
class Services:
    """The use cases and the ports that the edges may ask directly."""

    clone_voice: CloneVoice
    synthesize_speech: SynthesizeSpeech
    detect_mark: DetectMark
    transcribe_speech: TranscribeSpeech
    transcribe_at_leisure: TranscribeSpeech
    """Behind everything that somebody waits for."""
    listen_live: ListenLive
    manage_voices: ManageVoices
    design_voice: DesignVoice
    keep_consent: KeepConsent
    keep_dictionaries: KeepDictionaries
    repeated_requests: RepeatedRequests
    keys: KeyStore
    tallies: Tallies
    vault: TokenVault
    voices: VoiceStore
    jobs: JobStore
    engine: EngineClient
    clock: Clock
    stock: StockVoices
    refine_voices: RefineVoices
    remake_voice: RemakeVoice
    work_off_jobs: WorkOffJobs
    work_off_recordings: WorkOffJobs
    keep_house: KeepHouse
    prepare_store: Callable[[], Awaitable[None]]
    """Make the database and folders current; cheap, safe to repeat."""
    preload: Callable[[], Awaitable[None]]
    """Begin to load what listens to samples, if that is to happen at start; speech does not wait for it."""
    release: Callable[[], Awaitable[None]]
    """Give back what `prepare_store` and the adapters hold."""

    async def start(self) -> None:
        """Store first, then what a crash left, then the engine. Raises: WeightsMissing, WeightsCorrupt, ..."""
        await self.prepare_store()
        await self.keep_house.start(self._begin_work)
        await self.engine.start()
        await self.preload()
        self._begin_work()

    def _begin_work(self) -> None:
        """Also what a process has left that does not come back."""
        self.refine_voices.begin()
        self.work_off_jobs.begin()
        self.work_off_recordings.begin()

    async def close(self) -> None:
        await self.keep_house.close()  # it begins the others
        await self.work_off_jobs.close()
        await self.work_off_recordings.close()
        await self.refine_voices.close()
        await self.remake_voice.close()
        await self.engine.close()
        await self.release()
