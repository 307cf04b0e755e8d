"""JSON on the way out: ASCII, compact, never NaN."""

import json
from collections.abc import Mapping

from fastapi import Response


def to_json(value: object) -> bytes:
    r"""ASCII with `\u` escapes, so that no client's line splitter stumbles over U+2028 (wire-contract.md#json).

    Raises: ValueError for NaN and infinities, which JSON cannot say.
    """
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")


def json_reply(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(to_json(value), status, dict(headers or {}), media_type="application/json")
