"""The API description as one plain page: no script, no third party, nothing to load."""

import json
from importlib.resources import files
from typing import Any

from jinja2 import Environment

JsonObject = dict[str, Any]  # Any: OpenAPI is JSON


def render_docs(document: JsonObject) -> str:
    """One HTML page of an OpenAPI document. Tags are in the order in which they appear."""
    tags: dict[str, list[tuple[str, str, JsonObject]]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for tag in operation.get("tags", ["other"]):
                tags.setdefault(tag, []).append((path, method, operation))
    page = Environment(autoescape=True, trim_blocks=True).from_string(
        (files("myna.http") / "docs.html.jinja").read_text(encoding="utf-8"),
        {"pretty": lambda example: json.dumps(example, indent=2, ensure_ascii=False)},
    )
    return page.render(info=document["info"], tags=tags, schemas=document["components"]["schemas"])
