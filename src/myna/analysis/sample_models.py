"""The models that listen to samples, loaded together and shared by all threads."""

from dataclasses import dataclass
from pathlib import Path

from myna.analysis.dnsmos import OpinionModel
from myna.analysis.heap_trim import trim_heap
from myna.analysis.noise import NoiseRemover
from myna.analysis.sound_events import MusicDetector
from myna.analysis.speaker_overlap import VoiceCounter
from myna.analysis.speakers import CampplusEmbedder, Ge2eEmbedder
from myna.analysis.speech_activity import SpeechActivityDetector
from myna.analysis.transcribe import SpeechRecogniser, share_recogniser
from myna.audio.loudness import load_meter
from myna.weights.store import WeightStore


@dataclass(frozen=True, slots=True)
class SampleModels:
    """Each of them is thread-safe."""

    speech_activity: SpeechActivityDetector
    recogniser: SpeechRecogniser
    opinion: OpinionModel
    noise: NoiseRemover
    music: MusicDetector
    ge2e: Ge2eEmbedder
    campplus: CampplusEmbedder
    voice_counter: VoiceCounter


def load_sample_models(weights_dir: Path) -> SampleModels:
    """Open every model; about two seconds. Raises: WeightsMissing, WeightsCorrupt."""
    load_meter()
    store = WeightStore(weights_dir)
    whisper_files = [store.path(f"whisper-base/{name}") for name in _WHISPER_FILES]
    models = SampleModels(
        speech_activity=SpeechActivityDetector(store.path("silero-vad/silero_vad_v6.onnx")),
        recogniser=share_recogniser(whisper_files[0].parent),
        opinion=OpinionModel(store.path("dnsmos/sig_bak_ovr.onnx")),
        noise=NoiseRemover(store.path("deepfilternet/DeepFilterNet3_onnx.tar.gz")),
        music=MusicDetector(store.path("yamnet/yamnet.onnx")),
        ge2e=Ge2eEmbedder(store),
        campplus=CampplusEmbedder(store),
        voice_counter=VoiceCounter(store),
    )
    trim_heap()  # of what opening them took
    return models


_WHISPER_FILES = ("model.bin", "config.json", "tokenizer.json", "vocabulary.txt")
