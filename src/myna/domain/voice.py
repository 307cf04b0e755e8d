"""Voices: the public resource, and the immutable artifact that an engine speaks with."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import NewType

from myna.domain.consent import Consent
from myna.domain.errors import ConsentRevoked, InvalidRequest, VoiceIncompatible, VoiceNotFound
from myna.domain.finding import Finding, Severity
from myna.domain.language import LangCode

VoiceId = NewType("VoiceId", str)
WorkspaceId = NewType("WorkspaceId", str)

SYSTEM_WORKSPACE = WorkspaceId("inworld")
"""Stock voices are `workspaces/inworld/voices/Dennis` on the wire (wire-contract.md#voice); clients compare it."""

UNCLEAR_VOICE = 0.75
"""A clarity below this is told, with advice. Its source and rate of false alarms are in docs/lab/audio.md."""
_MAX_SLUG_CHARS = 48
_MAX_VOICE_ID_CHARS = 255
"""More than any has: stores remember by them what was asked for."""


def check_voice_id(given: str) -> None:
    """Opaque, but without control characters, which stores stumble over. Raises: InvalidRequest, VoiceNotFound."""
    if not given:
        raise InvalidRequest("voiceId is required. List the voices to find one.")
    if len(given) > _MAX_VOICE_ID_CHARS:
        raise unknown_voice(given)
    if not given.isprintable():
        raise VoiceNotFound("Unknown voice: the id holds control characters.")


def unknown_voice(voice_id: str) -> VoiceNotFound:
    """One wording for every unknown voice (wire-contract.md#errors)."""
    return VoiceNotFound(f"Unknown voice: {voice_id[:128]} not found!")


class VoiceSource(StrEnum):
    IVC = "IVC"
    SYSTEM = "SYSTEM"


class Refinement(StrEnum):
    """What comes next for a voice in the background, in this order; it speaks meanwhile. The values are stored."""

    NONE = ""
    """What was made at once is all there is."""
    HEARING = "hearing"
    """It is listened to, for how far it may go towards the person."""
    MEASURING = "measure"
    """It says a few words, by which its `measures` are taken."""
    REFINING = "pending"
    """It is improved more finely. (Voices from before there were stages have this value too.)"""
    DONE = "done"

    @property
    def is_pending(self) -> bool:
        return self in PENDING_STAGES


PENDING_STAGES = (Refinement.HEARING, Refinement.MEASURING, Refinement.REFINING)
"""In the order in which a voice goes through them."""


@dataclass(frozen=True, slots=True)
class TrialMeasures:
    """What the first words of a voice tell about it."""

    similarity: float | None = None
    """How alike the voice and its recording are, 0 stranger to 1 same person; None if not measured."""
    clarity: float | None = None
    """How well the voice is understood, 0 to 1; None if not measured, or in a language where it cannot be."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What they mean for the person who recorded it."""
        clarity = self.clarity
        if clarity is None or clarity >= UNCLEAR_VOICE:
            return ()
        message = (
            f"The voice made of this recording is hard to understand ({100 * clarity:.0f} of 100). Record again: 10 to "
            "15 seconds of clear, even speech, near to the microphone, in a quiet room."
        )
        return (Finding("UNCLEAR_VOICE", Severity.WARNING, message, round(clarity, 3), "clarity"),)


@dataclass(frozen=True, slots=True)
class VoiceArtifact:
    """What `Engine.encode_voice` made: self-contained, immutable bytes."""

    content: bytes
    engine_id: str
    engine_version: str

    @property
    def digest(self) -> str:
        """SHA-256 of the content, hex: the name under which a cache may keep the loaded voice."""
        return hashlib.sha256(self.content).hexdigest()

    def is_made_by(self, engine_id: str, engine_version: str) -> bool:
        """Whether this engine, in this version, can speak with it."""
        return (self.engine_id, self.engine_version) == (engine_id, engine_version)

    def refuse_unless_made_by(self, engine_id: str, engine_version: str) -> None:
        """Raises: VoiceIncompatible."""
        if not self.is_made_by(engine_id, engine_version):
            raise VoiceIncompatible(
                f"The voice was made by the engine '{self.engine_id}' version {self.engine_version}; this server runs "
                f"'{engine_id}' version {engine_version}. Make it again with `myna voices remake`, or run the server "
                "with that engine."
            )


@dataclass(frozen=True, slots=True)
class VoiceDesign:
    """What a designed voice was made of: enough to design it again."""

    prompt: str
    """The description as it was given; the voice's own `description` may be changed afterwards."""
    seed: int
    """0 to 2**32 - 1."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice that can be listed, spoken with and, unless it is a stock voice, edited."""

    voice_id: VoiceId
    workspace: WorkspaceId
    display_name: str
    lang: LangCode
    source: VoiceSource
    created_at: datetime
    description: str = ""
    tags: tuple[str, ...] = ()
    gender: str = ""
    """`male`, `female`, `neutral` or empty (wire-contract.md#voice)."""
    age_group: str = ""
    """`young`, `middle_aged`, `elderly` or empty (wire-contract.md#voice)."""
    is_draft: bool = False
    """A designed preview: can be spoken with, is not listed, expires."""
    expires_at: datetime | None = None
    consent: Consent | None = None
    refinement: Refinement = Refinement.NONE
    measures: TrialMeasures = TrialMeasures()
    design: VoiceDesign | None = None
    """None for a voice that was not designed, or was before this was kept."""

    def refuse_if_revoked(self) -> None:
        """Raises: ConsentRevoked. To be asked before anything is made or spoken with the voice."""
        if self.consent is not None and self.consent.revoked_at is not None:
            day = self.consent.revoked_at.date().isoformat()
            raise ConsentRevoked(
                f"The consent to the voice '{self.voice_id[:128]}' was revoked on {day}: it does not speak any more."
            )

    @property
    def tail(self) -> str:
        """The part of the id after the workspace: what `name` ends with."""
        return self.voice_id.removeprefix(f"{self.workspace}__")

    @property
    def name(self) -> str:
        return f"workspaces/{self.workspace}/voices/{self.tail}"


def slugify(display_name: str) -> str:
    """The part of a voice id that recalls the display name: `[a-z0-9_]`, never empty, at most 48 characters."""
    ascii_name = unicodedata.normalize("NFKD", display_name).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "_", ascii_name.lower()).strip("_")[:_MAX_SLUG_CHARS].strip("_")
    return slug or "voice"


def clone_voice_id(workspace: WorkspaceId, display_name: str, now: datetime, attempt: int = 0) -> VoiceId:
    """`{workspace}__{slug}_{YYYYMMDD}_{HHMMSS}z`, as documented. attempt: of retries, as the id is taken: `demo_2`."""
    stamp = now.astimezone(UTC).strftime("%Y%m%d_%H%M%Sz")
    suffix = f"_{attempt + 1}" if attempt else ""
    return VoiceId(f"{workspace}__{slugify(display_name)}{suffix}_{stamp}")
