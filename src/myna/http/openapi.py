"""What the framework cannot know of what is served: bodies that are read by hand, replies that are no JSON, errors."""

from collections.abc import Mapping

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from myna.http.reply import ElevenLabsErrorReply, ErrorReply, JsonObject
from myna.http.request_body import FormBody, JsonBody, JsonOrFormBody

_REF = "#/components/schemas/{model}"

ERRORS: dict[int | str, JsonObject] = {
    status: {"model": ErrorReply, "description": description}
    for status, description in (
        (400, "A field is missing, malformed or out of range (3)."),
        (401, "No key, or one that has expired (16)."),
        (403, "An unknown key, or one that may not do this (7)."),
        (404, "No such voice or path (5)."),
        (409, "The same request is still at work (10), or no free id (6)."),
        (413, "The body is over the limit (3)."),
        (429, "Too much at one time; try again (8)."),
        (500, "Our mistake, with an id for the log (13)."),
        (503, "Starting, stopping, or something is away (14)."),
        ("default", "Anything else that fails."),  # without it FastAPI describes a 422 that is never sent
    )
}
"""For `responses=`; gRPC numbers in brackets."""
ELEVENLABS_ERRORS = {status: {**known, "model": ElevenLabsErrorReply} for status, known in ERRORS.items()}


def content_of(media_types: Mapping[str, str]) -> dict[int | str, JsonObject]:
    """`responses=` of an endpoint whose 200 is not one JSON object: media type -> description."""
    content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in media_types}
    return {200: {"description": " ".join(media_types.values()), "content": content}}


def install_openapi(app: FastAPI, further: type[BaseModel]) -> None:
    """Put into `/openapi.json` what the endpoints take as `JsonBody` or `FormBody`, and a further message."""

    def build() -> JsonObject:
        if app.openapi_schema is None:
            document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            messages = dict.fromkeys([further])
            for route in (route for route in app.routes if isinstance(route, APIRoute)):
                for dependency in route.dependant.dependencies:
                    if isinstance(body := dependency.call, JsonBody | FormBody | JsonOrFormBody):
                        messages[body.message] = None
                        schema = {"$ref": _REF.format(model=body.message.__name__)}
                        for method in route.methods or ():
                            document["paths"][route.path_format][method.lower()]["requestBody"] = {
                                "required": True,
                                "content": {kind: {"schema": schema} for kind in body.media_types},
                            }
            _, definitions = models_json_schema([(message, "validation") for message in messages], ref_template=_REF)
            document["components"]["schemas"].update(definitions["$defs"])
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = build  # type: ignore[method-assign]  # FastAPI's documented way to extend it
