"""The client, in two forms: this is the one that is awaited, and the blocking one is generated from it."""

import io
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import closing
from functools import partial
from os import PathLike
from pathlib import Path
from time import monotonic
from typing import BinaryIO, Self, TypeVar

import httpx

from myna.client import connection, dictionaries, jobs, listening, operations, tokens
from myna.client.chapters import split_chapters
from myna.client.dictionaries import Dictionary, Pronunciation
from myna.client.errors import read_error
from myna.client.files import new_file
from myna.client.jobs import BatchItem, BatchResult, Job
from myna.client.joining import check_can_stream, open_speech_file, wire_options
from myna.client.listening import Transcript
from myna.client.models import (
    DEFAULT_OPTIONS,
    CloneReport,
    Consent,
    OnProgress,
    Progress,
    Sample,
    SpeechOptions,
    SpeechSummary,
    Stage,
    Voice,
    ignore_progress,
    with_encoding,
)
from myna.client.operations import Operation, PageAfter
from myna.client.replies import read_stream_line
from myna.client.retries import DEFAULT_RETRIES, Retries
from myna.client.tokens import Token

T = TypeVar("T")


class AsyncClient:
    """For a Myna server (or the API it is compatible with): a context manager, or `close` it. transport: another way
    than the network, such as httpx.ASGITransport. Every method raises ApiError for what the server refuses,
    ServerUnreachable and ReplyUnreadable (an answer not of this API)."""

    def __init__(
        self,
        url: str = connection.DEFAULT_URL,
        api_key: str = "",
        *,
        timeout_s: float = connection.DEFAULT_TIMEOUT_S,
        retries: Retries = DEFAULT_RETRIES,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        self._retries = retries
        with connection.telling_unreachable(url):
            self._http = httpx.AsyncClient(
                base_url=self._url,
                headers={"Authorization": f"Basic {api_key}"} if api_key else {},
                timeout=httpx.Timeout(timeout_s, connect=connection.CONNECT_TIMEOUT_S),
                transport=transport,
            )

    async def clone(
        self,
        samples: Sequence[Sample],
        name: str,
        *,
        lang: str = "AUTO",
        denoise: bool = False,
        description: str = "",
        tags: Sequence[str] = (),
        consent: Consent | str = "",
        validate_only: bool = False,
        on_progress: OnProgress = ignore_progress,
    ) -> CloneReport:
        """10 to 15 s of clear speech are best. lang: what is spoken (`EN_US`); `AUTO` to detect it. denoise: remove
        background noise first. consent: who agreed to this, or the statement alone; some servers demand it.
        validate_only: report on the recordings, store nothing."""
        prepare = partial(
            operations.clone,
            samples,
            name,
            lang=lang,
            denoise=denoise,
            description=description,
            tags=tags,
            consent=consent,
            validate_only=validate_only,
        )
        report = await self._run(await connection.async_call(prepare), on_progress)
        on_progress(Progress(Stage.CLONING, 1, 1))
        return report

    async def say(
        self,
        voice_id: str,
        text: str,
        options: SpeechOptions = DEFAULT_OPTIONS,
        *,
        on_progress: OnProgress = ignore_progress,
    ) -> bytes:
        """Speak text of any length; the audio file as bytes."""
        target = io.BytesIO()
        await self._say_into(target, voice_id, text, with_encoding(options), on_progress)
        return target.getvalue()

    async def say_to_file(
        self,
        voice_id: str,
        text: str,
        path: str | PathLike[str],
        options: SpeechOptions = DEFAULT_OPTIONS,
        *,
        on_progress: OnProgress = ignore_progress,
    ) -> SpeechSummary:
        """Speak text of any length into a file, which appears when it is complete. Memory stays small."""
        settled = with_encoding(options, Path(path))
        with new_file(Path(path)) as target:
            num_chapters = await self._say_into(target, voice_id, text, settled, on_progress)
            num_bytes = target.seek(0, io.SEEK_END)
        return SpeechSummary(len(text), num_chapters, num_bytes)

    async def stream(self, voice_id: str, text: str, options: SpeechOptions = DEFAULT_OPTIONS) -> "AsyncSpeechStream":
        """The audio piece by piece; what the server refuses is raised by this call. `LINEAR16` repeats its header in
        every piece, `WAV` sends it once, `PCM` never. Raises: RequestRefused for several chapters in a format that
        cannot be continued."""
        chapters = split_chapters(text)
        settled = with_encoding(options)
        check_can_stream(settled, chapters)
        texts = [chapter.text for chapter in chapters] or [text]
        first, *others = [operations.stream(voice_id, part, settled) for part in texts]
        response = await self._send(first, None, is_stream=True)
        return AsyncSpeechStream(response, self._read_stream(response, others))

    async def list_voices(
        self, *, languages: Sequence[str] = (), where: str = "", order_by: str = ""
    ) -> tuple[Voice, ...]:
        """Also the engine's. where: AIP-160, `source = "IVC" AND lang_code = "en"`. order_by: `display_name desc`."""
        return await self._run_all(partial(operations.list_page, languages, where, order_by))

    async def get_voice(self, voice_id: str) -> Voice:
        return await self._run(operations.get_voice(voice_id))

    async def wait_until_heard(self, voice_id: str, *, limit_s: float = 120.0, ask_again_s: float = 1.0) -> Voice:
        """The voice once it is listened to and measured, or as it is after so many seconds; it can speak meanwhile."""
        until_s = monotonic() + limit_s
        while not (voice := await self.get_voice(voice_id)).is_heard and monotonic() < until_s:
            await connection.async_sleep(ask_again_s)
        return voice

    async def update_voice(
        self,
        voice_id: str,
        *,
        display_name: str | None = None,
        description: str | None = None,
        tags: Sequence[str] | None = None,
    ) -> Voice:
        """Change what is given; None leaves a field as it is, an empty `tags` clears them."""
        return await self._run(operations.update_voice(voice_id, display_name, description, tags))

    async def give_consent(self, voice_id: str, consent: Consent) -> Voice:
        """Record who agreed that this voice was cloned, in the place of the record before."""
        return await self._run(operations.give_consent(voice_id, consent))

    async def revoke_consent(self, voice_id: str) -> Voice:
        """The voice is silent from now on, where it is speaking too. `delete_voice` removes it."""
        return await self._run(operations.revoke_consent(voice_id))

    async def delete_voice(self, voice_id: str) -> None:
        """Delete a voice with its recordings, for good."""
        await self._run(operations.delete_voice(voice_id))

    async def say_later(self, voice_id: str, text: str, options: SpeechOptions = DEFAULT_OPTIONS) -> Job:
        """Have a long text (100,000 characters) spoken in the background, after what others wait for."""
        return await self._run(jobs.say_later(voice_id, text, options))

    async def say_batch(self, items: Sequence[BatchItem]) -> Job:
        """The same for up to 10,000 texts. One that is not valid refuses all."""
        return await self._run(jobs.say_batch(items))

    async def get_job(self, name: str) -> Job:
        return await self._run(jobs.get(name))

    async def wait_for_job(self, job: Job, *, limit_s: float = 3600.0, ask_again_s: float = 2.0) -> Job:
        """The job once it is done, or as it is after so many seconds."""
        until_s = monotonic() + limit_s
        while not (job := await self.get_job(job.name)).is_done and monotonic() < until_s:
            await connection.async_sleep(ask_again_s)
        return job

    async def get_results(self, job: Job) -> tuple[BatchResult, ...]:
        """What came of each text of a batch that is done, in their order. Raises: RequestRefused if it has none."""
        return await self._run(jobs.get_results(job))

    async def fetch(self, uri: str) -> bytes:
        """The audio at an address that a job or result names; the key is not sent. Raises: RequestRefused (none)."""
        return await self._run(jobs.fetch(uri))

    async def list_dictionaries(self, *, workspace: str = "-") -> tuple[Dictionary, ...]:
        """All pronunciation dictionaries. workspace: what a server wants that does not go by the key alone."""
        return await self._run_all(partial(dictionaries.list_page, workspace))

    async def create_dictionary(
        self, display_name: str, entries: Sequence[Pronunciation], *, workspace: str = "-"
    ) -> Dictionary:
        """Its `name` goes into `SpeechOptions.dictionaries`. One wrong entry refuses all."""
        return await self._run(dictionaries.create(workspace, display_name, entries))

    async def get_dictionary(self, name: str) -> Dictionary:
        return await self._run(dictionaries.get(name))

    async def update_dictionary(
        self, dictionary: Dictionary, *, display_name: str | None = None, entries: Sequence[Pronunciation] | None = None
    ) -> Dictionary:
        """Change what is given; entries take the place of all before. 409 if somebody changed it meanwhile."""
        return await self._run(dictionaries.update(dictionary, display_name, entries))

    async def delete_dictionary(self, dictionary: Dictionary) -> None:
        await self._run(dictionaries.delete(dictionary))

    async def transcribe(
        self, recording: bytes | str | PathLike[str], *, lang: str | None = None, with_words: bool = False
    ) -> Transcript:
        """What is said in a recording, given as its bytes or path. lang: None to hear it."""
        return await self._run(await connection.async_call(listening.transcribe, recording, lang, with_words))

    async def create_token(self, ttl_s: int = 900, *, reference: str = "") -> Token:
        """For one request, or one socket, of somebody who must not hold the key: up to an hour."""
        return await self._run(tokens.create(ttl_s, reference))

    async def close(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _say_into(
        self, target: BinaryIO, voice_id: str, text: str, options: SpeechOptions, on_progress: OnProgress
    ) -> int:
        chapters = split_chapters(text)
        if not chapters:
            target.write(await self._run(operations.speak(voice_id, text, options)))
            return 0
        asked = wire_options(options, chapters)
        total = sum(len(chapter.text) for chapter in chapters)
        done = 0
        on_progress(Progress(Stage.SPEAKING, done, total))
        with closing(open_speech_file(target, options, chapters)) as file:
            for chapter in chapters:
                audio = await self._run(operations.speak(voice_id, chapter.text, asked))
                await connection.async_call(file.add, audio, chapter.pause_after_s)
                done += len(chapter.text)
                on_progress(Progress(Stage.SPEAKING, done, total))
        return len(chapters)

    async def _run(self, operation: Operation[T], on_progress: OnProgress | None = None) -> T:
        response = await self._send(operation, on_progress, is_stream=False)
        return operation.read(response.content)

    async def _run_all(self, page_after: PageAfter[T]) -> tuple[T, ...]:
        found: list[T] = []
        page = None
        while page is None or page.next_page_token:
            page = await self._run(page_after(page.next_page_token if page is not None else ""))
            found += page.entries
        return tuple(found)

    async def _send(
        self, operation: Operation[object], on_progress: OnProgress | None, *, is_stream: bool
    ) -> httpx.Response:
        watch = partial(connection.AsyncUpload, on_progress=on_progress) if on_progress else None
        attempt = 0
        while True:
            request = connection.build_request(self._http.build_request, operation, watch)
            with connection.telling_unreachable(self._url):
                response = await self._http.send(request, stream=is_stream)
                if response.is_success:
                    return response
                content = await response.aread()
                await response.aclose()
            wait_s = self._retries.wait_s(attempt, response.status_code, response.headers)
            if wait_s is None:
                raise read_error(response.status_code, response.headers, content)
            await connection.async_sleep(wait_s)
            attempt += 1

    async def _read_stream(
        self, response: httpx.Response, others: Sequence[Operation[bytes]]
    ) -> AsyncGenerator[bytes, None]:
        for following in (*others, None):
            lines = connection.Lines()
            try:
                with connection.telling_unreachable(self._url):
                    async for received in response.aiter_bytes():
                        for line in lines.feed(received):
                            if audio := read_stream_line(line):
                                yield audio
                for line in lines.finish():
                    if audio := read_stream_line(line):
                        yield audio
            finally:
                await response.aclose()
            if following is not None:
                response = await self._send(following, None, is_stream=True)


class AsyncSpeechStream:
    """Audio that arrives piece by piece. Iterate over it; close it, or leave its context, to stop early."""

    def __init__(self, response: httpx.Response, pieces: AsyncGenerator[bytes, None]) -> None:
        self._response = response
        self._pieces = pieces

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces

    async def close(self) -> None:
        """The server stops speaking."""
        await self._pieces.aclose()
        await self._response.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
