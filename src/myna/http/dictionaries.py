"""Pronunciation dictionaries (wire-contract.md#pronunciations)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from myna.http.auth import Reader, Writer, check_workspace
from myna.http.backend import WithBackend
from myna.http.dictionary_messages import (
    DeleteDictionaryQuery,
    DictionaryListReply,
    DictionaryMessage,
    DictionaryReply,
    ListDictionariesQuery,
    UpdateDictionaryQuery,
)
from myna.http.json_body import JsonBody
from myna.http.openapi import ERRORS
from myna.http.reply import EmptyReply, JsonReply, large_reply

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
async def list_dictionaries(
    grant: Reader, query: Annotated[ListDictionariesQuery, Query()], backend: WithBackend
) -> Response:
    """Whole dictionaries, the oldest first, at most five at a time."""
    page, token = await backend.services.keep_dictionaries.list(grant.workspace, query.page_size, query.page_token)
    return await large_reply(lambda: DictionaryListReply.of(page, token))


@router.post("", summary="Create a pronunciation dictionary", response_model=DictionaryReply)
async def create_dictionary(grant: Writer, message: DictionaryBody, backend: WithBackend) -> Response:
    """All entries are checked first; with one that is wrong nothing is kept."""
    made = await backend.services.keep_dictionaries.create(grant.workspace, message.display_name, message.to_entries())
    return await large_reply(lambda: DictionaryReply.of(made))


@router.get("/{dictionary_id}", summary="Show a pronunciation dictionary", response_model=DictionaryReply)
async def get_dictionary(grant: Reader, dictionary_id: DictionaryId, backend: WithBackend) -> Response:
    """With all of its entries, and the etag that a change needs."""
    found = await backend.services.keep_dictionaries.get(grant.workspace, dictionary_id)
    return await large_reply(lambda: DictionaryReply.of(found))


@router.patch("/{dictionary_id}", summary="Change a pronunciation dictionary", response_model=DictionaryReply)
async def update_dictionary(
    grant: Writer,
    message: DictionaryBody,
    dictionary_id: DictionaryId,
    query: Annotated[UpdateDictionaryQuery, Query()],
    backend: WithBackend,
) -> Response:
    """Give it another name, or other entries in the place of all that it has."""
    fields = query.fields_of(message)
    changed = await backend.services.keep_dictionaries.update(
        grant.workspace,
        dictionary_id,
        message.etag,
        message.display_name if "display_name" in fields else None,
        message.to_entries() if "pronunciations" in fields else None,
    )
    return await large_reply(lambda: DictionaryReply.of(changed))


@router.delete("/{dictionary_id}", summary="Delete a pronunciation dictionary")
async def delete_dictionary(
    grant: Writer,
    dictionary_id: DictionaryId,
    query: Annotated[DeleteDictionaryQuery, Query()],
    backend: WithBackend,
) -> EmptyReply:
    """Forget it and its entries."""
    await backend.services.keep_dictionaries.delete(
        grant.workspace, dictionary_id, query.etag, allow_missing=query.allow_missing
    )
    return EmptyReply()
