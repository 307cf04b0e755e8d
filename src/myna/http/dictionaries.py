"""Pronunciation dictionaries (wire-contract.md#pronunciations)."""

from collections.abc import Set as AbstractSet
from typing import Annotated, Self

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import Field
from pydantic.alias_generators import to_snake

from myna.domain.errors import InvalidRequest
from myna.domain.pronunciation import PronunciationDictionary, PronunciationEntry
from myna.http.auth import Reader, Writer, check_workspace
from myna.http.openapi import ERRORS
from myna.http.proto_message import PageSize, ProtoMessage, ProtoQuery, Text
from myna.http.reply import EmptyReply, JsonReply, Reply, format_moment, large_reply
from myna.http.request_body import JsonBody

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

    page_size: Annotated[PageSize, Field(description="Up to 5.")] = 0
    page_token: str = ""


class UpdateDictionaryQuery(ProtoQuery):
    """What to change."""

    update_mask: Annotated[
        str, Field(description="`displayName`, `pronunciations`, both, or `*`; absent: what the body holds.")
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
    allow_missing: Annotated[bool, Field(description="One that is not there is fine.")] = False


class EntryReply(Reply):
    # Made of a `PronunciationEntry`.
    display_headword: Annotated[str, Field(validation_alias="headword")]
    language_code: Annotated[str, Field(validation_alias="lang_code")]
    phone_symbols: Annotated[list[str], Field(validation_alias="phones")]


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
            pronunciations=[EntryReply.model_validate(entry) for entry in dictionary.entries],
            etag=dictionary.etag,
            create_time=format_moment(dictionary.created_at),
            update_time=format_moment(dictionary.updated_at),
        )


class DictionaryListReply(Reply):
    pronunciation_dictionaries: list[DictionaryReply]
    next_page_token: str
    """Empty on the last page."""


router = APIRouter(
    prefix="/pronunciations/v1/workspaces/{workspace}/pronunciationDictionaries",
    tags=["pronunciations"],
    responses=ERRORS,
    default_response_class=JsonReply,
    dependencies=[Depends(check_workspace)],
)

DictionaryId = Annotated[str, Path(description="The UUID at the end of its name.")]
DictionaryBody = Annotated[DictionaryMessage, Depends(JsonBody(DictionaryMessage))]


@router.get("", summary="List pronunciation dictionaries", response_model=DictionaryListReply)
async def list_dictionaries(asker: Reader, query: Annotated[ListDictionariesQuery, Query()]) -> Response:
    """Whole dictionaries, the oldest first, at most five at a time."""
    page, token = await asker.services.keep_dictionaries.list(asker.workspace, query.page_size, query.page_token)
    return await large_reply(
        lambda: DictionaryListReply(
            pronunciation_dictionaries=list(map(DictionaryReply.of, page)), next_page_token=token
        )
    )


@router.post("", summary="Create a pronunciation dictionary", response_model=DictionaryReply)
async def create_dictionary(asker: Writer, message: DictionaryBody) -> Response:
    """All entries are checked first; with one that is wrong nothing is kept."""
    made = await asker.services.keep_dictionaries.create(asker.workspace, message.display_name, message.to_entries())
    return await large_reply(lambda: DictionaryReply.of(made))


@router.get("/{dictionary_id}", summary="Show a pronunciation dictionary", response_model=DictionaryReply)
async def get_dictionary(asker: Reader, dictionary_id: DictionaryId) -> Response:
    """With all of its entries, and the etag that a change needs."""
    found = await asker.services.keep_dictionaries.get(asker.workspace, dictionary_id)
    return await large_reply(lambda: DictionaryReply.of(found))


@router.patch("/{dictionary_id}", summary="Change a pronunciation dictionary", response_model=DictionaryReply)
async def update_dictionary(
    asker: Writer,
    message: DictionaryBody,
    dictionary_id: DictionaryId,
    query: Annotated[UpdateDictionaryQuery, Query()],
) -> Response:
    """Give it another name, or other entries in the place of all that it has."""
    fields = query.fields_of(message)
    changed = await asker.services.keep_dictionaries.update(
        asker.workspace,
        dictionary_id,
        message.etag,
        message.display_name if "display_name" in fields else None,
        message.to_entries() if "pronunciations" in fields else None,
    )
    return await large_reply(lambda: DictionaryReply.of(changed))


@router.delete("/{dictionary_id}", summary="Delete a pronunciation dictionary")
async def delete_dictionary(
    asker: Writer, dictionary_id: DictionaryId, query: Annotated[DeleteDictionaryQuery, Query()]
) -> EmptyReply:
    """Forget it and its entries."""
    dictionaries = asker.services.keep_dictionaries
    await dictionaries.delete(asker.workspace, dictionary_id, query.etag, allow_missing=query.allow_missing)
    return EmptyReply()
