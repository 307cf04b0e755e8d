"""The Voice API (contract 6), in the short and the workspace-qualified form, and the older list (T4)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from myna.domain.errors import InvalidRequest, VoiceNotFound
from myna.domain.language import CLONE_LANGUAGES, LangCode, parse_lang_code
from myna.domain.voice import VoiceId
from myna.http.auth import Doorkeeper
from myna.http.limits import HttpLimits
from myna.http.openapi import ERRORS, body_of, query_of
from myna.http.proto_json import BodiesInFlight, read_message
from myna.http.replies import json_reply
from myna.http.request_state import record_of
from myna.http.schemas import (
    CloneVoiceReply,
    CloneVoiceRequest,
    DesignVoiceReply,
    DesignVoiceRequest,
    EmptyReply,
    LegacyVoiceListReply,
    SupportedLanguageReply,
    SupportedLanguagesReply,
    UpdateVoiceRequest,
    VoiceListReply,
    VoiceReply,
    clone_reply,
    design_reply,
    legacy_voice_reply,
    voice_reply,
)
from myna.http.voice_ids import read_voice_id, unknown_voice
from myna.observability.metrics import Metrics
from myna.text.languages.registry import open_language
from myna.usecases.manage_voices import VoiceQuery, check_change
from myna.usecases.ports import Grant
from myna.usecases.services import Services

_SHORT = "/voices/v1"
_LEGACY = "/voices/v1/workspaces/{workspace}"

T = TypeVar("T")
Endpoint = Callable[[Request], Awaitable[Response]]

_LIST_QUERY = query_of(
    languages="EN_US and the like; may be repeated.",
    filter='AIP-160, such as `source = "IVC" AND lang_code = "en"`.',
    orderBy="`display_name asc`, `create_time desc`.",
    pageSize="At most 2000.",
    pageToken="From the page before.",
)


@dataclass(frozen=True, slots=True)
class VoiceEndpoints:
    """One method an endpoint: admit, parse, call the use case, serialise."""

    services: Services
    limits: HttpLimits
    doorkeeper: Doorkeeper
    bodies: BodiesInFlight
    metrics: Metrics

    def router(self) -> APIRouter:
        router = APIRouter()

        def add(
            method_and_tail: str, endpoint: Endpoint, reply: type[BaseModel], summary: str, extra: dict[str, Any]
        ) -> None:
            method, tail = method_and_tail.split(" ")
            for prefix in (_SHORT, _LEGACY):
                router.add_api_route(
                    prefix + tail,
                    endpoint,
                    methods=[method],
                    response_model=reply,
                    summary=summary,
                    openapi_extra=extra,
                    responses=ERRORS,
                    tags=["voices"],
                    deprecated=prefix == _LEGACY or None,
                    name=f"{endpoint.__name__}{'_in_workspace' if prefix == _LEGACY else ''}",
                )

        add("POST /voices:clone", self.clone, CloneVoiceReply, "Clone a voice", body_of(CloneVoiceRequest))
        add("POST /voices:design", self.design, DesignVoiceReply, "Design a voice", body_of(DesignVoiceRequest))
        add("GET /voices", self.list, VoiceListReply, "List voices", _LIST_QUERY)
        add("GET /supportedLanguages", self.languages, SupportedLanguagesReply, "List languages", {})
        # Before the plain id: `{voice_id}` matches colons too.
        publish = body_of(UpdateVoiceRequest)
        add("POST /voices/{voice_id}:publish", self.publish, VoiceReply, "Keep a designed voice", publish)
        add("GET /voices/{voice_id}", self.get, VoiceReply, "Show a voice", {})
        add("PATCH /voices/{voice_id}", self.update, VoiceReply, "Change a voice", body_of(UpdateVoiceRequest))
        add("DELETE /voices/{voice_id}", self.delete, EmptyReply, "Delete a voice", {})
        router.add_api_route(
            "/tts/v1/voices",
            self.list_older,
            methods=["GET"],
            response_model=LegacyVoiceListReply,
            summary="List voices (older form)",
            openapi_extra=query_of(filter="`language=en`"),
            responses=ERRORS,
            tags=["voices"],
            deprecated=True,
        )
        return router

    async def clone(self, request: Request) -> Response:
        """Derive a voice from recordings; it can be spoken with at once."""
        grant = await self.doorkeeper.admit_writer(request)
        message = await read_message(request, CloneVoiceRequest, self.limits, self.bodies, has_audio=True)
        if len(message.voice_samples) > self.limits.max_samples:
            raise InvalidRequest(
                f"voiceSamples has {len(message.voice_samples)} entries; at most {self.limits.max_samples} are taken."
            )
        command = message.to_command(grant.workspace)
        del message  # the base64-decoded recordings now belong to the command alone
        if self.limits.require_consent and not command.consent and not command.validate_only:
            raise InvalidRequest("consent is required here: say who agreed that this voice is cloned, and for what.")
        record = record_of(request.scope)
        record.num_samples = len(command.samples)
        record.engine = self.services.engine.spec.id
        result = await self.services.clone_voice(command)
        outcome = "validated" if command.validate_only else "cloned" if result.voice is not None else "unusable"
        self.metrics.count("myna_clones_total", 1, {"outcome": outcome})
        if result.voice is not None:
            record.voice_id, record.lang = result.voice.voice_id, result.voice.lang.value
        is_strict = self.limits.strict_replies
        return await asyncio.to_thread(lambda: json_reply(clone_reply(result, is_strict=is_strict).to_wire()))

    async def design(self, request: Request) -> Response:
        """Make up to three drafts of a voice that fits a description."""
        grant = await self.doorkeeper.admit_writer(request)
        message = await read_message(request, DesignVoiceRequest, self.limits, self.bodies)
        designed = await self.services.design_voice(message.to_command(grant.workspace))
        return await asyncio.to_thread(lambda: json_reply(design_reply(designed).to_wire()))

    async def publish(self, request: Request) -> Response:
        """Keep a draft. A voice that is kept already is returned, with what the body changes."""
        grant = await self.doorkeeper.admit_writer(request)
        message = await read_message(request, UpdateVoiceRequest, self.limits, self.bodies)
        change = message.to_change()
        check_change(change)
        voice_id = await self._voice_id(request, grant)
        voice = await self.services.publish_voice(grant.workspace, voice_id, change)
        return json_reply(voice_reply(voice, is_strict=self.limits.strict_replies).to_wire())

    async def list(self, request: Request) -> Response:
        """The stock voices and the workspace's own."""
        grant = await self.doorkeeper.admit(request)
        page = await self.services.list_voices(grant.workspace, _read_query(request))
        is_strict = self.limits.strict_replies
        reply = VoiceListReply(
            voices=[voice_reply(voice, is_strict=is_strict) for voice in page.voices],
            total_size=page.total_size,
            next_page_token=page.next_page_token,
        )
        return json_reply(reply.to_wire())

    async def get(self, request: Request) -> Response:
        """One voice."""
        grant = await self.doorkeeper.admit(request)
        voice_id = await self._voice_id(request, grant)
        voice = await self._known(self.services.get_voice(grant.workspace, voice_id), voice_id)
        return json_reply(voice_reply(voice, is_strict=self.limits.strict_replies).to_wire())

    async def update(self, request: Request) -> Response:
        """Change what is said about a voice. Its id stays."""
        grant = await self.doorkeeper.admit_writer(request)
        message = await read_message(request, UpdateVoiceRequest, self.limits, self.bodies)
        voice_id = await self._voice_id(request, grant)
        voice = await self._known(self.services.update_voice(grant.workspace, voice_id, message.to_change()), voice_id)
        return json_reply(voice_reply(voice, is_strict=self.limits.strict_replies).to_wire())

    async def delete(self, request: Request) -> Response:
        """Forget a voice and its recordings."""
        grant = await self.doorkeeper.admit_writer(request)
        voice_id = await self._voice_id(request, grant)
        await self._known(self.services.delete_voice(grant.workspace, voice_id), voice_id)
        return json_reply({})

    async def languages(self, request: Request) -> Response:
        """What voices can be made in, and which of it the running engine speaks."""
        grant = await self.doorkeeper.admit(request)
        page = await self.services.list_voices(grant.workspace, VoiceQuery())
        present = {voice.lang for voice in page.voices}
        spoken = self.services.engine.spec.capabilities.languages
        rows = [self._language_row(lang, present, spoken) for lang in LangCode]
        return json_reply(SupportedLanguagesReply(languages=rows).to_wire())

    async def list_older(self, request: Request) -> Response:
        """What clients called before the Voice API; also the health check of some."""
        grant = await self.doorkeeper.admit(request)
        page = await self.services.list_voices(grant.workspace, _read_query(request))
        reply = LegacyVoiceListReply(voices=[legacy_voice_reply(voice) for voice in page.voices])
        return json_reply(reply.to_wire())

    def _language_row(
        self, lang: LangCode, present: set[LangCode], spoken: frozenset[LangCode]
    ) -> SupportedLanguageReply:
        language = open_language(lang)
        reply = SupportedLanguageReply(
            code=lang.bcp47,
            family_code=lang.iso639,
            family_display_name=language.english_name,
            accent_display_name=language.country,
            display_name=f"{language.english_name} ({language.country})",
            creation_enabled=lang in CLONE_LANGUAGES,
            has_voices=lang in present,
        )
        return reply if self.limits.strict_replies else reply.model_copy(update={"is_spoken": lang in spoken})

    async def _voice_id(self, request: Request, grant: Grant) -> VoiceId:
        """The id in the path; in the workspace-qualified form also its part after the `__` (contract 1)."""
        given = read_voice_id(request.path_params["voice_id"])
        record_of(request.scope).voice_id = given[:128]
        if "workspace" not in request.path_params:
            return given
        return await self._known(self.services.get_voice.resolve(grant.workspace, given), given)

    async def _known(self, work: Awaitable[T], voice_id: str) -> T:
        """One wording for every unknown voice (contract 4). Raises: VoiceNotFound."""
        try:
            return await work
        except VoiceNotFound as exc:
            raise unknown_voice(voice_id) from exc


def _read_query(request: Request) -> VoiceQuery:
    """Query parameters by either name. Raises: InvalidRequest, LanguageUnsupported."""
    query = request.query_params

    def first(*names: str) -> str:
        return next((query[name] for name in names if query.get(name)), "")

    languages = [_known_language(name) for value in query.getlist("languages") for name in value.split(",")]
    size = first("pageSize", "page_size")
    if size and not (size.removeprefix("-").isdecimal() and len(size) < 10):
        raise InvalidRequest("pageSize must be a whole number.")
    return VoiceQuery(
        languages=tuple(name for name in languages if name),
        filter=first("filter"),
        order_by=first("orderBy", "order_by"),
        page_size=int(size) if size else None,
        page_token=first("pageToken", "page_token"),
    )


def _known_language(name: str) -> str:
    """`en` as it is, for every English; other spellings as one language; "" for any. Raises: LanguageUnsupported."""
    lang = parse_lang_code(name, "languages")
    if lang is None:
        return ""
    return lang.iso639 if name.strip().lower() == lang.iso639 else lang.value
