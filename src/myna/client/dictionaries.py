"""Pronunciation dictionaries: the values, the calls, and how their answers are read."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from myna.client.operations import Operation, given, json_body
from myna.client.replies import (
    Json,
    Page,
    json_object,
    objects_of,
    page_of,
    read_fields,
    read_nothing,
    text_of,
    texts_of,
)


@dataclass(frozen=True, slots=True)
class Pronunciation:
    """How one word is said."""

    word: str
    phones: tuple[str, ...]
    """IPA: one sound or stress mark each."""
    lang_code: str = "en-US"


@dataclass(frozen=True, slots=True)
class Dictionary:
    name: str
    """`workspaces/{workspace}/pronunciationDictionaries/{uuid}`: what `SpeechOptions.dictionaries` takes."""
    display_name: str
    entries: tuple[Pronunciation, ...]
    etag: str
    """Of this state: a change is refused (409) once somebody else has changed it."""
    create_time: str
    update_time: str
    """RFC 3339, UTC."""


def list_page(workspace: str, page_token: str) -> Operation[Page[Dictionary]]:
    query = (("pageToken", page_token),) if page_token else ()
    return Operation(
        "GET", _collection(workspace), lambda content: page_of(content, "pronunciationDictionaries", _dictionary), query
    )


def create(workspace: str, display_name: str, entries: Sequence[Pronunciation]) -> Operation[Dictionary]:
    body = json_body({"displayName": display_name, "pronunciations": _entries(entries)})
    return Operation("POST", _collection(workspace), _read_dictionary, body=body)


def get(name: str) -> Operation[Dictionary]:
    return Operation("GET", _path(name), _read_dictionary)


def update(old: Dictionary, display_name: str | None, entries: Sequence[Pronunciation] | None) -> Operation[Dictionary]:
    changes = {"displayName": display_name, "pronunciations": None if entries is None else _entries(entries)}
    return Operation("PATCH", _path(old.name), _read_dictionary, body=json_body({"etag": old.etag, **given(changes)}))


def delete(dictionary: Dictionary) -> Operation[None]:
    return Operation("DELETE", _path(dictionary.name), read_nothing, (("etag", dictionary.etag),))


def _read_dictionary(content: bytes) -> Dictionary:
    return _dictionary(json_object(content))


def _dictionary(entry: Json) -> Dictionary:
    words = objects_of(entry.get("pronunciations"))
    pronunciations = tuple(
        Pronunciation(text_of(word, "displayHeadword"), texts_of(word, "phoneSymbols"), text_of(word, "languageCode"))
        for word in words
    )
    return read_fields(Dictionary, entry, entries=pronunciations)


def _entries(entries: Sequence[Pronunciation]) -> list[dict[str, object]]:
    return [
        {"displayHeadword": entry.word, "languageCode": entry.lang_code, "phoneSymbols": list(entry.phones)}
        for entry in entries
    ]


def _collection(workspace: str) -> str:
    return _path(f"workspaces/{workspace}/pronunciationDictionaries")


def _path(name: str) -> str:
    return f"/pronunciations/v1/{quote(name)}"
