"""Tokens for those who must not hold a key (wire-contract.md#tokens): browsers, apps, devices."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends

from myna.domain.errors import InvalidRequest
from myna.http.auth import TokenMaker, check_workspace
from myna.http.backend import WithBackend
from myna.http.json_body import JsonBody
from myna.http.openapi import ERRORS
from myna.http.reply import JsonReply
from myna.http.token_messages import CreateTokenRequest, GenerateTokenRequest, OneTimeTokenReply, SessionTokenReply

_SESSION = timedelta(hours=1)

router = APIRouter(tags=["tokens"], responses=ERRORS, default_response_class=JsonReply)


@router.post("/auth/v1/tokens", summary="Make a one-time token")
async def create_token(
    grant: TokenMaker,
    message: Annotated[CreateTokenRequest, Depends(JsonBody(CreateTokenRequest))],
    backend: WithBackend,
) -> OneTimeTokenReply:
    """A token that opens one request or one socket, for at most an hour."""
    lifetime = message.lifetime(backend.services.clock.now())
    await backend.allowances.take_token(grant)
    token = backend.tokens.make(grant, message.wanted(), lifetime, is_single_use=True)
    return OneTimeTokenReply.of(token, grant, message.client_reference_id)


@router.post("/v1/sessionTokens/token:generate", summary="Make a session token")
@router.post("/auth/v1/tokens/token:generate", summary="Make a session token (older path)", deprecated=True)
async def generate_token(
    grant: TokenMaker,
    message: Annotated[GenerateTokenRequest, Depends(JsonBody(GenerateTokenRequest))],
    backend: WithBackend,
) -> SessionTokenReply:
    """A token for any number of requests within an hour; asked for with a key, or with a signature of its secret."""
    if message.key and message.key != grant.key_id:
        raise InvalidRequest("key is another than the one that asks. Send the part of the key before the colon.")
    for resource in message.resources:
        await check_workspace(resource.removeprefix("workspaces/"), grant, backend)
    await backend.allowances.take_token(grant)
    return SessionTokenReply.of(backend.tokens.make(grant, message.wanted(), _SESSION, is_single_use=False))
