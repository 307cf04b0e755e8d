"""Pronunciation dictionaries on the wire (wire-contract.md#pronunciations)."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Annotated, Self

from pydantic import AliasChoices, Field
from pydantic.alias_generators import to_snake

from myna.domain.errors import InvalidRequest
from myna.domain.pronunciation import PronunciationDictionary, PronunciationEntry
from myna.http.proto_message import ProtoMessage, ProtoQuery, Text
from myna.http.reply import Reply, format_moment

_MUTABLE = frozenset({"display_name", "pronunciations"})


class EntryMessage(ProtoMessage):
    """One word and how it is said."""

    display_headword: Annotated[Text, Field(description="One word, at most 128 characters.")] = ""
    language_code: Annotated[Text, Field(description="BCP-47 with its region: en-US.")] = ""
    phone_symbols: Annotated[list[Text], Field(description="1 to 64 IPA phones or stress marks, one each.")] = []  # noqa: RUF012


class DictionaryMessage(ProtoMessage):
    """A dictionary as it is sent. `etag` is needed for a change."""

    display_name: Annotated[Text, Field(description="1 to 64 characters.")] = ""
    pronunciations: Annotated[list[EntryMessage], Field(description="At most 1000 entries and 512 KiB.")] = []  # noqa: RUF012
    etag: Text = ""

    def to_entries(self) -> list[PronunciationEntry]:
        return [
            PronunciationEntry(entry.display_headword, entry.language_code, tuple(entry.phone_symbols))
            for entry in self.pronunciations
        ]


class ListDictionariesQuery(ProtoQuery):
    """Which page."""

    page_size: Annotated[int, Field(validation_alias=AliasChoices("pageSize", "page_size"), description="Up to 5.")] = 0
    page_token: Annotated[str, Field(validation_alias=AliasChoices("pageToken", "page_token"))] = ""


class UpdateDictionaryQuery(ProtoQuery):
    """What to change."""

    update_mask: Annotated[
        str,
        Field(
            validation_alias=AliasChoices("updateMask", "update_mask"),
            description="`displayName`, `pronunciations`, both, or `*`; absent: what the body holds.",
        ),
    ] = ""

    def fields_of(self, message: DictionaryMessage) -> AbstractSet[str]:
        """Raises: InvalidRequest."""
        if not self.update_mask:
            return message.model_fields_set & _MUTABLE
        if self.update_mask == "*":
            return _MUTABLE
        fields = {to_snake(name.strip()) for name in self.update_mask.split(",")}
        if not fields <= _MUTABLE:
            raise InvalidRequest("updateMask may name displayName and pronunciations.")
        return fields


class DeleteDictionaryQuery(ProtoQuery):
    """Which state of it to delete."""

    etag: Annotated[str, Field(description="As the dictionary has it.")] = ""
    allow_missing: Annotated[
        bool,
        Field(
            validation_alias=AliasChoices("allowMissing", "allow_missing"), description="One that is not there is fine."
        ),
    ] = False


class EntryReply(Reply):
    display_headword: str
    language_code: str
    phone_symbols: list[str]


class DictionaryReply(Reply):
    """A dictionary with all of its entries."""

    name: str
    display_name: str
    pronunciations: list[EntryReply]
    etag: str
    create_time: str
    update_time: str

    @classmethod
    def of(cls, dictionary: PronunciationDictionary) -> Self:
        return cls(
            name=f"workspaces/{dictionary.workspace}/pronunciationDictionaries/{dictionary.dictionary_id}",
            display_name=dictionary.display_name,
            pronunciations=[
                EntryReply(
                    display_headword=entry.headword, language_code=entry.lang_code, phone_symbols=list(entry.phones)
                )
                for entry in dictionary.entries
            ],
            etag=dictionary.etag,
            create_time=format_moment(dictionary.created_at),
            update_time=format_moment(dictionary.updated_at),
        )


class DictionaryListReply(Reply):
    pronunciation_dictionaries: list[DictionaryReply]
    next_page_token: str
    """Empty on the last page."""

    @classmethod
    def of(cls, page: Sequence[PronunciationDictionary], next_page_token: str) -> Self:
        replies = [DictionaryReply.of(dictionary) for dictionary in page]
        return cls(pronunciation_dictionaries=replies, next_page_token=next_page_token)
