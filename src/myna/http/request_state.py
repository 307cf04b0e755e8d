"""What is known of a request, carried in the ASGI scope between the outermost layer and the endpoint."""

from starlette.types import Scope

from myna.observability.request_record import RequestRecord

_KEY = "myna.record"


def attach_record(scope: Scope, record: RequestRecord) -> None:
    scope[_KEY] = record


def record_of(scope: Scope) -> RequestRecord:
    """The record of this request."""
    record = scope[_KEY]
    assert isinstance(record, RequestRecord)
    return record
