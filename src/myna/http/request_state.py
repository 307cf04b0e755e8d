"""What is known of a request, carried in the ASGI scope between the outermost layer and the endpoint."""

from starlette.types import Scope

from myna.observability.request_record import RequestRecord

_KEY = "myna.record"
_WITHOUT_EFFECT = "myna.without_effect"


def attach_record(scope: Scope, record: RequestRecord) -> None:
    scope[_KEY] = record


def record_of(scope: Scope) -> RequestRecord:
    """The record of this request."""
    record = scope[_KEY]
    assert isinstance(record, RequestRecord)
    return record


def note_without_effect(scope: Scope, names: list[str]) -> None:
    """What of the request changes nothing: the reply says so."""
    if names:
        scope[_WITHOUT_EFFECT] = ", ".join(names)


def without_effect(scope: Scope) -> str:
    """Names, separated by commas."""
    return str(scope.get(_WITHOUT_EFFECT, ""))
