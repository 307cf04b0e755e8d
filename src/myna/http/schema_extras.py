"""What the schemas of `/openapi.json` say beyond their fields: examples, and which fields must be there."""

import json
from importlib.resources import files
from typing import Any

_EXTRAS = json.loads((files("myna.http") / "schema_extras.json").read_text(encoding="utf-8"))


def add_extras(schema: dict[str, Any], message: type) -> None:
    """`json_schema_extra` of pydantic."""
    schema.update(_EXTRAS.get(message.__name__, {}))
