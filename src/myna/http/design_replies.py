"""Voices made of a description (wire-contract.md#design)."""

import base64
from typing import Self

from myna.http.reply import Base64, Reply
from myna.usecases.design_voice import DesignedVoices


class PreviewVoiceReply(Reply):
    voice_id: str
    preview_text: str
    preview_audio: Base64
    """Base64 WAV."""


class DesignVoiceReply(Reply):
    """Drafts: they speak by id, are not listed, and expire unless published."""

    lang_code: str
    preview_voices: list[PreviewVoiceReply]

    @classmethod
    def of(cls, designed: DesignedVoices) -> Self:
        return cls(
            lang_code=designed.lang.value,
            preview_voices=[
                PreviewVoiceReply(
                    voice_id=preview.voice.voice_id,
                    preview_text=preview.preview_text,
                    preview_audio=base64.b64encode(preview.wav).decode(),
                )
                for preview in designed.previews
            ],
        )
