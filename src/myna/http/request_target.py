"""The target of a request, in the one form that routes know."""

import re
from urllib.parse import unquote

from starlette.types import Scope

_ORIGIN = re.compile(rb"https?://[^/?]*", re.IGNORECASE)


def in_origin_form(scope: Scope) -> Scope:
    """`GET http://host/path`, which clients send to proxies, means `/path` to a server. Source: RFC 9112, 3.2.2."""
    origin = _ORIGIN.match(scope.get("raw_path") or b"")
    if origin is None:
        return scope
    raw_path = scope["raw_path"][origin.end() :] or b"/"
    return {**scope, "raw_path": raw_path, "path": unquote(raw_path.decode("ascii"))}
