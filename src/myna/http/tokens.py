"""Tokens for those who must not hold a key (wire-contract.md#tokens): browsers, apps, devices."""

import re
from datetime import datetime, timedelta
from typing import Annotated, Self

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, Field

from myna.domain.errors import InvalidRequest
from myna.domain.scope import Scopes, parse_scopes
from myna.http.auth import TokenMaker, check_workspace
from myna.http.openapi import ERRORS
from myna.http.proto_message import Flag, ProtoMessage, Text
from myna.http.reply import JsonReply, Reply
from myna.http.request_body import JsonBody
from myna.usecases.ports import Grant
from myna.usecases.tokens import Token

_SESSION = timedelta(hours=1)
_DEFAULT_S = 900.0
_MAX_S = 3600.0
_MAX_REFERENCE_CHARS = 256
"""Source of the three: Inworld's page on one-time tokens."""
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s", re.ASCII)


class _Scoped(ProtoMessage):
    scopes: list[Text] = Field(
        default=[], max_length=16, description="Extra: what the token may do; default: as the key."
    )

    def wanted(self) -> Scopes:
        """Raises: InvalidRequest."""
        return parse_scopes(self.scopes)


class CreateTokenRequest(_Scoped):
    single_use: Flag = Field(default=False, description="Must be true.")
    ttl: Text = Field(default="", description='1 s to 1 h; default `"900s"`.')
    expire_time: AwareDatetime | None = Field(default=None, description="In place of ttl; at most 1 h from now.")
    client_reference_id: Text = Field(default="", max_length=_MAX_REFERENCE_CHARS, description="Comes back.")

    def lifetime(self, now: datetime) -> timedelta:
        """Raises: InvalidRequest."""
        if not self.single_use:
            raise InvalidRequest("single_use must be true. token:generate makes tokens for more than one request.")
        if self.ttl and self.expire_time is not None:
            raise InvalidRequest("Send ttl or expire_time, not both.")
        if self.expire_time is not None:
            seconds = min((self.expire_time - now).total_seconds(), _MAX_S)
            if seconds <= 0:
                raise InvalidRequest("expire_time is over.")
            return timedelta(seconds=seconds)
        found = _DURATION.fullmatch(self.ttl or f"{_DEFAULT_S:g}s")
        if found is None or not 1 <= float(found[1]) <= _MAX_S:
            raise InvalidRequest('ttl must be a number of seconds from "1s" to "3600s".')
        return timedelta(seconds=float(found[1]))


class GenerateTokenRequest(_Scoped):
    key: Text = Field(default="", description="The part of the key before the colon.")
    resources: list[Text] = Field(default=[], max_length=16, description="`workspaces/<the key's>`, or nothing.")


class OneTimeTokenReply(Reply):
    name: str
    access_token: str
    expire_time: datetime
    single_use: bool
    client_reference_id: str
    create_time: datetime
    api_key: str

    @classmethod
    def of(cls, token: Token, grant: Grant, client_reference_id: str) -> Self:
        return cls(
            name=f"tokens/{token.token_id}",
            access_token=token.text,
            expire_time=token.expires_at,
            single_use=True,
            client_reference_id=client_reference_id,
            create_time=token.made_at,
            api_key=f"workspaces/{grant.workspace}/apikeys/{grant.key_id}",
        )


class SessionTokenReply(Reply):
    token: str
    type: str
    expiration_time: datetime
    session_id: str

    @classmethod
    def of(cls, token: Token) -> Self:
        return cls(token=token.text, type="Bearer", expiration_time=token.expires_at, session_id=token.token_id)


router = APIRouter(tags=["tokens"], responses=ERRORS, default_response_class=JsonReply)


@router.post("/auth/v1/tokens", summary="Make a one-time token")
async def create_token(
    asker: TokenMaker, message: Annotated[CreateTokenRequest, Depends(JsonBody(CreateTokenRequest))]
) -> OneTimeTokenReply:
    """A token that opens one request or one socket, for at most an hour."""
    lifetime = message.lifetime(asker.services.clock.now())
    await asker.backend.allowances.take_token(asker.grant)
    token = asker.backend.tokens.make(asker.grant, message.wanted(), lifetime, is_single_use=True)
    return OneTimeTokenReply.of(token, asker.grant, message.client_reference_id)


@router.post("/v1/sessionTokens/token:generate", summary="Make a session token")
@router.post("/auth/v1/tokens/token:generate", summary="Make a session token (older path)", deprecated=True)
async def generate_token(
    asker: TokenMaker, message: Annotated[GenerateTokenRequest, Depends(JsonBody(GenerateTokenRequest))]
) -> SessionTokenReply:
    """A token for any number of requests within an hour; asked for with a key, or with a signature of its secret."""
    if message.key and message.key != asker.grant.key_id:
        raise InvalidRequest("key is another than the one that asks. Send the part of the key before the colon.")
    for resource in message.resources:
        await check_workspace(resource.removeprefix("workspaces/"), asker)
    await asker.backend.allowances.take_token(asker.grant)
    return SessionTokenReply.of(asker.backend.tokens.make(asker.grant, message.wanted(), _SESSION, is_single_use=False))
