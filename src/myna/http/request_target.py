"""The target of a request, in the one form that routes know."""

import re
from urllib.parse import unquote

from starlette.types import Scope

_ORIGIN = re.compile(rb"https?://[^/?]*", re.IGNORECASE)


def in_origin_form(scope: Scope) -> Scope:
    """`GET http://host/path`, which clients send to proxies, means `/path` to a server. Source: RFC 9112, 3.2.2.

    A slash too many, between parts or at the end, means nothing; `/studio/` keeps its own, which redirects.
    """
    written = scope.get("raw_path") or b""
    origin = _ORIGIN.match(written)
    raw_path = written[origin.end() :] if origin is not None else written
    raw_path = re.sub(rb"/{2,}", b"/", raw_path)
    if raw_path != b"/studio/":
        raw_path = raw_path.rstrip(b"/")
    raw_path = raw_path or b"/"
    if raw_path == written or not written:
        return scope
    return {**scope, "raw_path": raw_path, "path": unquote(raw_path.decode("ascii"))}
