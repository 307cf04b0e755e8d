"""Describes what is really served: request bodies of endpoints that parse their own, queries, errors."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from myna.http.schemas import ErrorReply

JsonObject = dict[str, Any]  # Any: OpenAPI is JSON

_REF = "#/components/schemas/{model}"

ERRORS: dict[int | str, JsonObject] = {
    400: {"model": ErrorReply, "description": "A field is missing, malformed or out of range (3)."},
    401: {"model": ErrorReply, "description": "No key (16)."},
    403: {"model": ErrorReply, "description": "An unknown key, or one that may not do this (7)."},
    404: {"model": ErrorReply, "description": "No such voice or path (5)."},
    413: {"model": ErrorReply, "description": "The body is over the limit (3)."},
    429: {"model": ErrorReply, "description": "Too much at one time; try again (8)."},
    500: {"model": ErrorReply, "description": "Our mistake, with an id for the log (13)."},
    503: {"model": ErrorReply, "description": "Starting, stopping, or something is away (14)."},
}
"""For `responses=`; gRPC numbers in brackets."""


def body_of(message: type[BaseModel]) -> JsonObject:
    """`openapi_extra` of an endpoint that takes this JSON body."""
    content = {"schema": {"$ref": _REF.format(model=message.__name__)}}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def query_of(**parameters: str) -> JsonObject:
    """`openapi_extra` of an endpoint with these optional query parameters: name -> description."""
    return {
        "parameters": [
            {"name": name, "in": "query", "required": False, "schema": {"type": "string"}, "description": description}
            for name, description in parameters.items()
        ]
    }


def content_of(media_types: Mapping[str, str]) -> dict[int | str, JsonObject]:
    """`responses=` of an endpoint whose 200 is not one JSON object: media type -> description."""
    content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in media_types}
    return {200: {"description": " ".join(media_types.values()), "content": content}}


def install_openapi(app: FastAPI, messages: Sequence[type[BaseModel]]) -> None:
    """Make `/openapi.json` know the request messages, the keys, and where a `{voice_id}` comes from."""

    def build() -> JsonObject:
        if app.openapi_schema is None:
            app.openapi_schema = _build(app, messages)
        return app.openapi_schema

    app.openapi = build  # type: ignore[method-assign]  # FastAPI's documented way to extend it


def _build(app: FastAPI, messages: Sequence[type[BaseModel]]) -> JsonObject:
    document = get_openapi(
        title=app.title, version=app.version, summary=app.summary, description=app.description, routes=app.routes
    )
    _, definitions = models_json_schema([(message, "validation") for message in messages], ref_template=_REF)
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas.update(definitions["$defs"])
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    components["securitySchemes"] = {
        "key": {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Basic <key>` or `Bearer <key>`.",
        }
    }
    for path, operations in document["paths"].items():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            if path.startswith(("/voices/", "/tts/", "/v1/")):
                operation["security"] = [{"key": []}]
            _declare_path_parameters(path, operation)
    return document


def _declare_path_parameters(path: str, operation: JsonObject) -> None:
    """Endpoints read path parameters from the request, so FastAPI does not know them."""
    known = {parameter["name"] for parameter in operation.get("parameters", [])}
    for name, description in (("workspace", "The key's workspace."), ("voice_id", "As the list shows it.")):
        if f"{{{name}}}" in path and name not in known:
            operation.setdefault("parameters", []).insert(
                0,
                {
                    "name": name,
                    "in": "path",
                    "required": True,
                    "schema": {"type": "string"},
                    "description": description,
                },
            )
