"""What ElevenLabs' clients read (elevenlabs.md)."""

import json
from collections.abc import Collection, Iterable
from importlib.resources import files

from myna.domain.language import LangCode
from myna.domain.voice import Voice
from myna.http.reply import JsonObject
from myna.text.languages.registry import open_language
from myna.usecases.voice_filter import is_custom

_ANSWERS: dict[str, JsonObject] = json.loads((files("myna.http") / "elevenlabs_answers.json").read_text("utf-8"))
"""Constant answers, with null where what is known here goes. `model_names`: all are the configured engine."""
SETTINGS = _ANSWERS["settings"]
"""ElevenLabs' defaults, which programs show; of these only the speed has an effect."""


def voice_of(voice: Voice) -> JsonObject:
    is_own = is_custom(voice)
    known = {"language": voice.lang.iso639, "gender": voice.gender, "age": voice.age_group}
    own = dict(tag.split(":", 1) for tag in voice.tags if ":" in tag)
    return {
        "voice_id": voice.voice_id,
        "name": voice.display_name,
        "category": "generated" if voice.design is not None else "cloned" if is_own else "premade",
        "labels": {name: text for name, text in (known | own).items() if text},
        "description": voice.description,
        "samples": None,
        "preview_url": None,
        "settings": None,
        "high_quality_base_model_ids": [],
        "is_owner": is_own,
        "created_at_unix": int(voice.created_at.timestamp()),
    }


def models_of(languages: Iterable[LangCode], max_chars: int) -> list[JsonObject]:
    spoken = [{"language_id": lang.iso639, "name": open_language(lang).english_name} for lang in languages]
    known = {
        "max_characters_request_free_user": max_chars,
        "max_characters_request_subscribed_user": max_chars,
        "maximum_text_length_per_request": max_chars,
        "languages": list({each["language_id"]: each for each in spoken}.values()),
    }
    names = _ANSWERS["model_names"].items()
    return [_ANSWERS["model"] | known | {"model_id": model_id, "name": name} for model_id, name in names]


def subscription_of(num_voices: int, *, may_clone: bool) -> JsonObject:
    """No plan: nothing is counted in characters here (wire-contract.md#allowances)."""
    return _ANSWERS["subscription"] | {"voice_slots_used": num_voices, "can_use_instant_voice_cloning": may_clone}


def user_of(workspace: str, subscription: JsonObject) -> JsonObject:
    named = dict.fromkeys(("user_id", "workspace_id", "first_name"), workspace)
    return _ANSWERS["user"] | named | {"subscription": subscription}


def timed_audio_of(payload: JsonObject) -> JsonObject:
    """A piece of speech with the times of its characters."""
    timed = (payload.get("timestampInfo") or {}).get("characterAlignment")
    alignment = timed and {
        "characters": timed["characters"],
        "character_start_times_seconds": timed["characterStartTimeSeconds"],
        "character_end_times_seconds": timed["characterEndTimeSeconds"],
    }
    return {"audio_base64": payload["audioContent"], "alignment": alignment, "normalized_alignment": alignment}


def alignment_of(payload: JsonObject, begun_s: float) -> tuple[JsonObject | None, float]:
    """Times of a socket's piece, which count from the end of the times before; and where these end."""
    timed = (payload.get("timestampInfo") or {}).get("characterAlignment")
    if not timed:
        return None, begun_s
    starts_ms = [round((time_s - begun_s) * 1000) for time_s in timed["characterStartTimeSeconds"]]
    ends_ms = [round((time_s - begun_s) * 1000) for time_s in timed["characterEndTimeSeconds"]]
    durations_ms = [end - start for start, end in zip(starts_ms, ends_ms, strict=True)]
    # Both spellings have been on the wire.
    times = {"charStartTimesMs": starts_ms, "charDurationsMs": durations_ms, "charsDurationsMs": durations_ms}
    return {"chars": timed["characters"], **times}, timed["characterEndTimeSeconds"][-1]


def matches(voice: JsonObject, wanted: JsonObject) -> bool:
    """Whether a voice is one of those that `GET /v2/voices` asks for; an empty wish is none."""
    labels = {name.replace(" ", "_"): text for name, text in voice["labels"].items()}
    said = (voice["name"], voice["description"], voice["category"], *labels.values())
    return (
        all(word in " ".join(said).casefold() for word in wanted["search"].casefold().split())
        and wanted["category"] in ("", voice["category"])
        and all(wanted[name].lower() in ("", labels.get(name, "").lower()) for name in ("gender", "age", "accent"))
        and _is_one_of(labels.get("language", ""), wanted["language"])
        and _is_one_of(labels.get("use_case", ""), wanted["use_cases"])
        and _is_one_of(voice["voice_id"], wanted["voice_ids"])
        and (not wanted["voice_type"] or voice["is_owner"] is (wanted["voice_type"] in _OWN_TYPES))
        and not (wanted["voice_type"] == "community" or wanted["fine_tuning_state"] or wanted["collection_id"])
        and not wanted["high_quality"]
    )


_OWN_TYPES = ("personal", "workspace", "non-default", "non-community", "saved")


def _is_one_of(text: str, wanted: Collection[str]) -> bool:
    return not wanted or text in wanted
