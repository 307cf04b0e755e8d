"""One-time tokens, for browsers and others that must not hold a key."""

from dataclasses import dataclass

from myna.client.operations import Operation, given, json_body
from myna.client.replies import json_object, read_fields


@dataclass(frozen=True, slots=True)
class Token:
    access_token: str
    """Stands for the key in one request, or for one socket."""
    expire_time: str
    """RFC 3339, UTC."""


def create(ttl_s: int, reference: str) -> Operation[Token]:
    body = given({"singleUse": True, "ttl": f"{ttl_s}s", "clientReferenceId": reference or None})
    return Operation(
        "POST", "/auth/v1/tokens", lambda content: read_fields(Token, json_object(content)), body=json_body(body)
    )
