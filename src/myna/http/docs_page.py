"""The API description as one plain page: no script, no third party, nothing to load."""

import json
from collections.abc import Iterator
from html import escape
from typing import Any

JsonObject = dict[str, Any]  # Any: OpenAPI is JSON

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font: .875rem/1.45 ui-monospace, monospace; }
pre { overflow-x: auto; padding: .75rem; border: 1px solid #8886; border-radius: .5rem; }
details { border: 1px solid #8886; border-radius: .5rem; margin: .5rem 0; padding: .5rem .75rem; }
summary { cursor: pointer; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: .25rem .5rem; border-top: 1px solid #8883; }
.method { display: inline-block; min-width: 4.5rem; font-weight: 700; }
.older { opacity: .7; }
"""


def render_docs(document: JsonObject) -> str:
    """One HTML page of an OpenAPI document."""
    return "\n".join(_iter_page(document))


def _iter_page(document: JsonObject) -> Iterator[str]:
    info = document["info"]
    title = escape(f"{info['title']} {info['version']}")
    yield f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
    yield f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head><body>'
    yield f"<h1>{title}</h1><p>{escape(info.get('description', ''))}</p>"
    yield '<p>Machine-readable: <a href="openapi.json">openapi.json</a>.</p>'
    schemas = document["components"]["schemas"]
    for tag in _tags(document):
        yield f"<h2>{escape(tag)}</h2>"
        for path, method, operation in _operations(document):
            if tag in operation.get("tags", ["other"]):
                yield from _iter_operation(path, method, operation, schemas)
    yield "<h2>Messages</h2>"
    for name, schema in sorted(schemas.items()):
        yield f'<details id="{escape(name)}"><summary><code>{escape(name)}</code></summary>'
        yield f"<p>{escape(schema.get('description', ''))}</p>{_fields_table(schema)}{_example(schema)}</details>"
    yield "</body></html>"


def _operations(document: JsonObject) -> Iterator[tuple[str, str, JsonObject]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield path, method, operation


def _tags(document: JsonObject) -> list[str]:
    """In the order in which they appear."""
    return list(dict.fromkeys(tag for _, _, op in _operations(document) for tag in op.get("tags", ["other"])))


def _iter_operation(path: str, method: str, operation: JsonObject, schemas: JsonObject) -> Iterator[str]:
    older = ' class="older"' if operation.get("deprecated") else ""
    yield f'<details{older}><summary><span class="method">{method.upper()}</span> <code>{escape(path)}</code> '
    yield f"{escape(operation.get('summary', ''))}</summary><p>{escape(operation.get('description', ''))}</p>"
    parameters = operation.get("parameters", [])
    if parameters:
        rows = "".join(
            f"<tr><td><code>{escape(p['name'])}</code></td><td>{escape(p['in'])}</td>"
            f"<td>{escape(p.get('description', ''))}</td></tr>"
            for p in parameters
        )
        yield f"<table>{rows}</table>"
    body = operation.get("requestBody")
    if body is not None:
        schema = next(iter(body["content"].values()))["schema"]
        yield f"<p>Takes {_type_name(schema)}:</p>{_example(schemas[schema['$ref'].rsplit('/', 1)[1]])}"
    rows = "".join(
        f"<tr><td>{escape(status)}</td><td>{escape(reply.get('description', ''))}</td>"
        f"<td>{_reply_type(reply)}</td></tr>"
        for status, reply in sorted(operation["responses"].items())
    )
    yield f"<table>{rows}</table></details>"


def _reply_type(reply: JsonObject) -> str:
    content: JsonObject = reply.get("content", {})
    return ", ".join(
        _type_name(media["schema"]) if "$ref" in media.get("schema", {}) else escape(kind)
        for kind, media in content.items()
    )


def _fields_table(schema: JsonObject) -> str:
    required = set(schema.get("required", ()))
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code>{' *' if name in required else ''}</td><td>{_type_name(field)}</td>"
        f"<td>{escape(field.get('description', ''))}</td></tr>"
        for name, field in schema.get("properties", {}).items()
    )
    return f"<table>{rows}</table>" if rows else ""


def _type_name(schema: JsonObject) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[1])
        return f'<a href="#{name}"><code>{name}</code></a>'
    if "anyOf" in schema:
        return " or ".join(_type_name(option) for option in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_type_name(schema.get('items', {}))}"
    if "enum" in schema:
        return " ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    return escape(schema.get("format") or schema.get("type", "any"))


def _example(schema: JsonObject) -> str:
    if "example" not in schema:
        return ""
    return f"<pre>{escape(json.dumps(schema['example'], indent=2, ensure_ascii=False))}</pre>"
