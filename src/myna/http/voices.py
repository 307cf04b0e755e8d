"""The Voice API (wire-contract.md#paths), in the short and the workspace-qualified form, and the older list."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Path, Query, Response

from myna.domain.errors import ServiceUnavailable
from myna.domain.language import CLONE_LANGUAGES, LangCode
from myna.domain.voice import VoiceId, check_voice_id
from myna.http.asker import Asker
from myna.http.auth import Caller, Reader, Writer, check_workspace
from myna.http.made_voice_replies import CloneVoiceReply, DesignVoiceReply
from myna.http.openapi import ERRORS
from myna.http.reply import DeletionReply, EmptyReply, JsonReply, large_reply
from myna.http.request_body import JsonBody
from myna.http.request_marks import Repeatable, mark_of
from myna.http.voice_replies import (
    ConsentHistoryReply,
    LegacyVoiceListReply,
    LegacyVoiceReply,
    SupportedLanguageReply,
    SupportedLanguagesReply,
    VoiceListReply,
    VoiceReply,
)
from myna.http.voice_requests import (
    CloneVoiceRequest,
    ConsentMessage,
    DesignVoiceRequest,
    ListVoicesQuery,
    UpdateVoiceRequest,
)
from myna.text.languages.registry import open_language
from myna.usecases.clone_voice import CloneVoiceCommand, CloneVoiceResult
from myna.usecases.ports import DeletedFiles
from myna.usecases.repeated_requests import Outcome
from myna.usecases.uncut import uncut

Endpoint = TypeVar("Endpoint", bound=Callable[..., Awaitable[Any]])

_OPTIONS: dict[str, Any] = {"tags": ["voices"], "responses": ERRORS, "default_response_class": JsonReply}
short = APIRouter(prefix="/voices/v1", **_OPTIONS)
qualified = APIRouter(
    prefix="/voices/v1/workspaces/{workspace}", deprecated=True, dependencies=[Depends(check_workspace)], **_OPTIONS
)
older = APIRouter(prefix="/tts/v1", deprecated=True, **_OPTIONS)


def _in_both_forms(method: str, path: str, summary: str, **options: Any) -> Callable[[Endpoint], Endpoint]:
    def add(endpoint: Endpoint) -> Endpoint:
        for router in (short, qualified):
            router.add_api_route(
                path, endpoint, methods=[method], summary=summary, response_model_exclude_unset=True, **options
            )
        return endpoint

    return add


async def _find_voice_id(voice_id: Annotated[str, Path(description="As the list shows it.")], asker: Caller) -> VoiceId:
    """The id in the path; in the workspace-qualified form also its part after the `__` (wire-contract.md#paths)."""
    check_voice_id(voice_id)
    asker.record.voice_id = voice_id[:128]
    if "workspace" in asker.request.path_params:
        return await asker.services.manage_voices.resolve(asker.workspace, voice_id)
    return VoiceId(voice_id)


AskedVoice = Annotated[VoiceId, Depends(_find_voice_id)]
VoiceUpdate = Annotated[UpdateVoiceRequest, Depends(JsonBody(UpdateVoiceRequest))]


@_in_both_forms("POST", "/voices:clone", "Clone a voice", response_model=CloneVoiceReply, dependencies=[Repeatable])
async def clone_voice(
    asker: Writer, message: Annotated[CloneVoiceRequest, Depends(JsonBody(CloneVoiceRequest, is_large=True))]
) -> Response:
    """Derive a voice from recordings; it can be spoken with at once."""
    result = await clone_along(asker, message.to_command(asker.workspace), message.consent)
    # On a thread and not by FastAPI: megabytes of base64.
    return await large_reply(lambda: CloneVoiceReply.of(result, is_strict=asker.is_strict))


async def clone_along(asker: Asker, command: CloneVoiceCommand, consent: ConsentMessage) -> CloneVoiceResult:
    """With consent where required, repeats, allowances, record, audit log. Raises: ConsentRequired, ..."""
    if asker.backend.limits.require_consent and not command.validate_only:
        consent.require()
    services, record = asker.services, asker.record
    record.num_samples = len(command.samples)
    record.engine = services.engine.spec.id
    mark = mark_of(asker.request)
    async with services.repeated_requests(asker.workspace, mark) as made:
        if made.voice_ids:
            result, outcome = await services.clone_voice.recall(command, made.voice_ids[0]), "repeated"
        else:
            async with asker.backend.allowances.voices(asker.workspace, 0 if command.validate_only else 1, made):
                result = await services.clone_voice(replace(command, mark=mark), _Noting(asker.noting("clone"), made))
            outcome = "validated" if command.validate_only else "cloned" if made.voice_ids else "unusable"
    asker.backend.metrics.count("myna_clones_total", 1, {"outcome": outcome})
    if result.voice is not None:
        record.voice_id, record.lang = result.voice.voice_id, result.voice.lang.value
    return result


@dataclass(frozen=True, slots=True)
class _Noting:
    """Implements `Note`."""

    write: Callable[[VoiceId, Sequence[str]], None]
    made: Outcome

    def count(self, voice_id: VoiceId) -> None:
        self.made.voice_ids = (*self.made.voice_ids, voice_id)


@_in_both_forms("POST", "/voices:design", "Design a voice", response_model=DesignVoiceReply, dependencies=[Repeatable])
async def design_voice(
    asker: Writer, message: Annotated[DesignVoiceRequest, Depends(JsonBody(DesignVoiceRequest))]
) -> Response:
    """Make up to three drafts of a voice that fits a description."""
    command, design = message.to_command(asker.workspace), asker.services.design_voice
    async with asker.services.repeated_requests(asker.workspace, mark_of(asker.request)) as made:
        if made.voice_ids:
            designed = await design.recall(command, made.voice_ids)
        else:
            async with asker.backend.allowances.voices(asker.workspace, command.num_drafts, made):
                designed = await design(command, _Noting(asker.noting("design"), made))
    return await large_reply(lambda: DesignVoiceReply.of(designed))


@_in_both_forms("GET", "/voices", "List voices", response_model=VoiceListReply)
async def list_voices(asker: Reader, query: Annotated[ListVoicesQuery, Query()]) -> Response:
    """The stock voices and the workspace's own."""
    page = await asker.services.manage_voices.list(asker.workspace, query.to_query())
    return await large_reply(
        lambda: VoiceListReply(
            voices=[VoiceReply.of(voice, is_strict=asker.is_strict) for voice in page.voices],
            total_size=page.total_size,
            next_page_token=page.next_page_token,
        )
    )


@_in_both_forms("GET", "/supportedLanguages", "List languages")
async def list_languages(asker: Reader) -> SupportedLanguagesReply:
    """What voices can be made in, and which of it the running engine speaks."""
    present = await asker.services.manage_voices.languages(asker.workspace)
    return SupportedLanguagesReply(languages=[_language_row(lang, lang in present, asker) for lang in LangCode])


def _language_row(lang: LangCode, has_voices: bool, asker: Asker) -> SupportedLanguageReply:
    language = open_language(lang)
    is_spoken = lang in asker.services.engine.spec.capabilities.languages
    return SupportedLanguageReply(
        code=lang.bcp47,
        family_code=lang.iso639,
        family_display_name=language.english_name,
        accent_display_name=language.country,
        display_name=f"{language.english_name} ({language.country})",
        creation_enabled=lang in CLONE_LANGUAGES,
        has_voices=has_voices,
        **({} if asker.is_strict else {"is_spoken": is_spoken}),
    )


# Before the plain id: `{voice_id}` matches colons too.
@_in_both_forms("POST", "/voices/{voice_id}:publish", "Keep a designed voice", dependencies=[Repeatable])
async def publish_voice(asker: Writer, message: VoiceUpdate, voice_id: AskedVoice) -> VoiceReply:
    """Keep a draft. A voice that is kept already is returned, with what the body changes."""
    async with asker.services.repeated_requests(asker.workspace, mark_of(asker.request)) as made:
        if made.voice_ids:
            voice = await asker.services.manage_voices.get(asker.workspace, voice_id)
        else:
            voice = await asker.services.manage_voices.publish(asker.workspace, voice_id, message.to_change())
            made.voice_ids = (voice_id,)
    return VoiceReply.of(voice, is_strict=asker.is_strict)


@_in_both_forms("POST", "/voices/{voice_id}:consent", "Consent to a voice")
async def give_consent(
    asker: Writer, message: Annotated[ConsentMessage, Depends(JsonBody(ConsentMessage))], voice_id: AskedVoice
) -> VoiceReply:
    """Record who agreed that this voice was cloned, in the place of the record before; a revoked voice speaks again."""
    note = partial(asker.noting("consent"), voice_id)
    giving = asker.services.keep_consent.give(asker.workspace, voice_id, message.require(), note)
    voice = await uncut(giving)
    return VoiceReply.of(voice, is_strict=asker.is_strict)


@_in_both_forms("POST", "/voices/{voice_id}:revokeConsent", "Revoke the consent to a voice")
async def revoke_consent(asker: Writer, voice_id: AskedVoice) -> VoiceReply:
    """The voice is silent from now on, running streams included. That it was revoked stays known when it is deleted."""
    note = partial(asker.noting("revoke"), voice_id)
    voice = await uncut(asker.services.keep_consent.revoke(asker.workspace, voice_id, note))
    return VoiceReply.of(voice, is_strict=asker.is_strict)


@_in_both_forms("GET", "/voices/{voice_id}:consent", "Show the consent to a voice")
async def show_consent(
    asker: Reader, voice_id: Annotated[str, Path(description="Also of a deleted voice.")]
) -> ConsentHistoryReply:
    """What was agreed to, and every revocation; of a deleted voice the revocations alone."""
    check_voice_id(voice_id)
    return ConsentHistoryReply.model_validate(await asker.services.keep_consent.show(asker.workspace, voice_id))


@_in_both_forms("GET", "/voices/{voice_id}", "Show a voice")
async def get_voice(asker: Reader, voice_id: AskedVoice) -> VoiceReply:
    """One voice."""
    return VoiceReply.of(await asker.services.manage_voices.get(asker.workspace, voice_id), is_strict=asker.is_strict)


@_in_both_forms("PATCH", "/voices/{voice_id}", "Change a voice")
async def update_voice(asker: Writer, message: VoiceUpdate, voice_id: AskedVoice) -> VoiceReply:
    """Change what is said about a voice. Its id stays."""
    voice = await asker.services.manage_voices.update(asker.workspace, voice_id, message.to_change())
    return VoiceReply.of(voice, is_strict=asker.is_strict)


@_in_both_forms("DELETE", "/voices/{voice_id}", "Delete a voice")
async def delete_voice(
    asker: Writer,
    voice_id: AskedVoice,
    receipt: Annotated[bool, Query(description="Answer with a signed receipt of what was deleted.")] = False,
) -> EmptyReply | DeletionReply:
    """Forget a voice and its recordings."""
    vault = asker.services.vault
    key = dict(await asyncio.to_thread(lambda: vault.receipt_key)) if receipt else {}  # can it be signed?
    deleted = await delete_along(asker, voice_id)
    if not receipt:
        return EmptyReply()
    if not deleted.are_removed:
        raise ServiceUnavailable("The voice is deleted; its files go when the storage is back. There is no receipt.")
    said = {
        "workspace": asker.workspace,
        "deletedAt": asker.services.clock.now().isoformat(timespec="seconds"),
        "voices": [{"voiceId": voice_id, "sha256": deleted.sha256}],
    }
    return DeletionReply(receipt=said, signed=vault.sign_receipt(said), public_key=key)


async def delete_along(asker: Asker, voice_id: VoiceId) -> DeletedFiles:
    """Raises: VoiceNotFound, PermissionDenied, ServiceUnavailable."""
    voices = asker.services.manage_voices
    await voices.check_deletable(asker.workspace, voice_id)

    async def delete() -> DeletedFiles:
        # First: a deletion that could not be noted afterwards would never be, as its repetition finds no voice.
        await asyncio.to_thread(asker.noting("delete"), voice_id, ())
        return await voices.delete(asker.workspace, voice_id)

    return await uncut(delete())


@older.get("/voices", summary="List voices (older form)", response_model=LegacyVoiceListReply)
async def list_older(asker: Reader, query: Annotated[ListVoicesQuery, Query()]) -> Response:
    """What clients called before the Voice API; also the health check of some. `filter` is `language=en`."""
    page = await asker.services.manage_voices.list(asker.workspace, query.to_query())
    return await large_reply(lambda: LegacyVoiceListReply(voices=[LegacyVoiceReply.of(voice) for voice in page.voices]))
