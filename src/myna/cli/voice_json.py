"""Voices and reports as `--json` prints them: the API's own field names, audio left out."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from pydantic.alias_generators import to_camel

from myna.client import CloneReport, Consent, Remark, Voice

_NAMES = {"transcript": "transcription", "start_s": "startSeconds", "end_s": "endSeconds"}
_LEFT_OUT = frozenset({"wav", "refinement", "refinement_stage"})
_NOTHING: tuple[object, ...] = (None, "", [])


def voice_as_json(voice: Voice) -> dict[str, Any]:
    named: dict[str, Any] = _as_json(voice)
    return named if voice.consent is not None else {name: value for name, value in named.items() if name != "consent"}


def report_as_json(report: CloneReport) -> dict[str, object]:
    body: dict[str, object] = {"audioSamplesValidated": _as_json(report.samples)}
    if report.voice is not None:
        body = {"voice": {**voice_as_json(report.voice), "isRefining": report.is_refining}, **body}
    return body


def _as_json(value: Any) -> Any:  # Any: values of the client, and JSON
    """Of consents and remarks only what they say."""
    if isinstance(value, tuple):
        return [_as_json(part) for part in value]
    if isinstance(value, Mapping):
        return dict(value)
    if not is_dataclass(value):
        return value
    known = {field.name: _as_json(getattr(value, field.name)) for field in fields(value)}
    is_brief = isinstance(value, Consent | Remark)
    return {
        _NAMES.get(name, to_camel(name)): part
        for name, part in known.items()
        if name not in _LEFT_OUT and not (is_brief and part in _NOTHING)
    }
