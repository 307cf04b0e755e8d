# Generated from asynchronous.py by `make client`. Change that file, not this one.
"""The client, in two forms: this is the one that is awaited, and the blocking one is generated from it."""

import io
from collections.abc import Generator, Iterator, Sequence
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


class Client:
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
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        self._retries = retries
        with connection.telling_unreachable(url):
            self._http = httpx.Client(
                base_url=self._url,
                headers={"Authorization": f"Basic {api_key}"} if api_key else {},
                timeout=httpx.Timeout(timeout_s, connect=connection.CONNECT_TIMEOUT_S),
                transport=transport,
            )

    def clone(
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
        report = self._run(connection.call(prepare), on_progress)
        on_progress(Progress(Stage.CLONING, 1, 1))
        return report

    def say(
        self,
        voice_id: str,
        text: str,
        options: SpeechOptions = DEFAULT_OPTIONS,
        *,
        on_progress: OnProgress = ignore_progress,
    ) -> bytes:
        """Speak text of any length; the audio file as bytes."""
        target = io.BytesIO()
        self._say_into(target, voice_id, text, with_encoding(options), on_progress)
        return target.getvalue()

    def say_to_file(
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
            num_chapters = self._say_into(target, voice_id, text, settled, on_progress)
            num_bytes = target.seek(0, io.SEEK_END)
        return SpeechSummary(len(text), num_chapters, num_bytes)

    def stream(self, voice_id: str, text: str, options: SpeechOptions = DEFAULT_OPTIONS) -> "SpeechStream":
        """The audio piece by piece; what the server refuses is raised by this call. `LINEAR16` repeats its header in
        every piece, `WAV` sends it once, `PCM` never. Raises: RequestRefused for several chapters in a format that
        cannot be continued."""
        chapters = split_chapters(text)
        settled = with_encoding(options)
        check_can_stream(settled, chapters)
        texts = [chapter.text for chapter in chapters] or [text]
        first, *others = [operations.stream(voice_id, part, settled) for part in texts]
        response = self._send(first, None, is_stream=True)
        return SpeechStream(response, self._read_stream(response, others))

    def list_voices(
        self, *, languages: Sequence[str] = (), where: str = "", order_by: str = ""
    ) -> tuple[Voice, ...]:
        """Also the engine's. where: AIP-160, `source = "IVC" AND lang_code = "en"`. order_by: `display_name desc`."""
        return self._run_all(partial(operations.list_page, languages, where, order_by))

    def get_voice(self, voice_id: str) -> Voice:
        return self._run(operations.get_voice(voice_id))

    def wait_until_heard(self, voice_id: str, *, limit_s: float = 120.0, ask_again_s: float = 1.0) -> Voice:
        """The voice once it is listened to and measured, or as it is after so many seconds; it can speak meanwhile."""
        until_s = monotonic() + limit_s
        while not (voice := self.get_voice(voice_id)).is_heard and monotonic() < until_s:
            connection.sleep(ask_again_s)
        return voice

    def update_voice(
        self,
        voice_id: str,
        *,
        display_name: str | None = None,
        description: str | None = None,
        tags: Sequence[str] | None = None,
    ) -> Voice:
        """Change what is given; None leaves a field as it is, an empty `tags` clears them."""
        return self._run(operations.update_voice(voice_id, display_name, description, tags))

    def give_consent(self, voice_id: str, consent: Consent) -> Voice:
        """Record who agreed that this voice was cloned, in the place of the record before."""
        return self._run(operations.give_consent(voice_id, consent))

    def revoke_consent(self, voice_id: str) -> Voice:
        """The voice is silent from now on, where it is speaking too. `delete_voice` removes it."""
        return self._run(operations.revoke_consent(voice_id))

    def delete_voice(self, voice_id: str) -> None:
        """Delete a voice with its recordings, for good."""
        self._run(operations.delete_voice(voice_id))

    def say_later(self, voice_id: str, text: str, options: SpeechOptions = DEFAULT_OPTIONS) -> Job:
        """Have a long text (100,000 characters) spoken in the background, after what others wait for."""
        return self._run(jobs.say_later(voice_id, text, options))

    def say_batch(self, items: Sequence[BatchItem]) -> Job:
        """The same for up to 10,000 texts. One that is not valid refuses all."""
        return self._run(jobs.say_batch(items))

    def get_job(self, name: str) -> Job:
        return self._run(jobs.get(name))

    def wait_for_job(self, job: Job, *, limit_s: float = 3600.0, ask_again_s: float = 2.0) -> Job:
        """The job once it is done, or as it is after so many seconds."""
        until_s = monotonic() + limit_s
        while not (job := self.get_job(job.name)).is_done and monotonic() < until_s:
            connection.sleep(ask_again_s)
        return job

    def get_results(self, job: Job) -> tuple[BatchResult, ...]:
        """What came of each text of a batch that is done, in their order. Raises: RequestRefused if it has none."""
        return self._run(jobs.get_results(job))

    def fetch(self, uri: str) -> bytes:
        """The audio at an address that a job or result names; the key is not sent. Raises: RequestRefused (none)."""
        return self._run(jobs.fetch(uri))

    def list_dictionaries(self, *, workspace: str = "-") -> tuple[Dictionary, ...]:
        """All pronunciation dictionaries. workspace: what a server wants that does not go by the key alone."""
        return self._run_all(partial(dictionaries.list_page, workspace))

    def create_dictionary(
        self, display_name: str, entries: Sequence[Pronunciation], *, workspace: str = "-"
    ) -> Dictionary:
        """Its `name` goes into `SpeechOptions.dictionaries`. One wrong entry refuses all."""
        return self._run(dictionaries.create(workspace, display_name, entries))

    def get_dictionary(self, name: str) -> Dictionary:
        return self._run(dictionaries.get(name))

    def update_dictionary(
        self, dictionary: Dictionary, *, display_name: str | None = None, entries: Sequence[Pronunciation] | None = None
    ) -> Dictionary:
        """Change what is given; entries take the place of all before. 409 if somebody changed it meanwhile."""
        return self._run(dictionaries.update(dictionary, display_name, entries))

    def delete_dictionary(self, dictionary: Dictionary) -> None:
        self._run(dictionaries.delete(dictionary))

    def transcribe(
        self, recording: bytes | str | PathLike[str], *, lang: str | None = None, with_words: bool = False
    ) -> Transcript:
        """What is said in a recording, given as its bytes or path. lang: None to hear it."""
        return self._run(connection.call(listening.transcribe, recording, lang, with_words))

    def create_token(self, ttl_s: int = 900, *, reference: str = "") -> Token:
        """For one request, or one socket, of somebody who must not hold the key: up to an hour."""
        return self._run(tokens.create(ttl_s, reference))

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _say_into(
        self, target: BinaryIO, voice_id: str, text: str, options: SpeechOptions, on_progress: OnProgress
    ) -> int:
        chapters = split_chapters(text)
        if not chapters:
            target.write(self._run(operations.speak(voice_id, text, options)))
            return 0
        asked = wire_options(options, chapters)
        total = sum(len(chapter.text) for chapter in chapters)
        done = 0
        on_progress(Progress(Stage.SPEAKING, done, total))
        with closing(open_speech_file(target, options, chapters)) as file:
            for chapter in chapters:
                audio = self._run(operations.speak(voice_id, chapter.text, asked))
                connection.call(file.add, audio, chapter.pause_after_s)
                done += len(chapter.text)
                on_progress(Progress(Stage.SPEAKING, done, total))
        return len(chapters)

    def _run(self, operation: Operation[T], on_progress: OnProgress | None = None) -> T:
        response = self._send(operation, on_progress, is_stream=False)
        return operation.read(response.content)

    def _run_all(self, page_after: PageAfter[T]) -> tuple[T, ...]:
        found: list[T] = []
        page = None
        while page is None or page.next_page_token:
            page = self._run(page_after(page.next_page_token if page is not None else ""))
            found += page.entries
        return tuple(found)

    def _send(
        self, operation: Operation[object], on_progress: OnProgress | None, *, is_stream: bool
    ) -> httpx.Response:
        watch = partial(connection.Upload, on_progress=on_progress) if on_progress else None
        attempt = 0
        while True:
            request = connection.build_request(self._http.build_request, operation, watch)
            with connection.telling_unreachable(self._url):
                response = self._http.send(request, stream=is_stream)
                if response.is_success:
                    return response
                content = response.read()
                response.close()
            wait_s = self._retries.wait_s(attempt, response.status_code, response.headers)
            if wait_s is None:
                raise read_error(response.status_code, response.headers, content)
            connection.sleep(wait_s)
            attempt += 1

    def _read_stream(
        self, response: httpx.Response, others: Sequence[Operation[bytes]]
    ) -> Generator[bytes, None]:
        for following in (*others, None):
            lines = connection.Lines()
            try:
                with connection.telling_unreachable(self._url):
                    for received in response.iter_bytes():
                        for line in lines.feed(received):
                            if audio := read_stream_line(line):
                                yield audio
                for line in lines.finish():
                    if audio := read_stream_line(line):
                        yield audio
            finally:
                response.close()
            if following is not None:
                response = self._send(following, None, is_stream=True)


class SpeechStream:
    """Audio that arrives piece by piece. Iterate over it; close it, or leave its context, to stop early."""

    def __init__(self, response: httpx.Response, pieces: Generator[bytes, None]) -> None:
        self._response = response
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        """The server stops speaking."""
        self._pieces.close()
        self._response.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
