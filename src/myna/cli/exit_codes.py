"""What the exit status of `myna` means. Documented in docs/cli.md; scripts depend on it."""

from enum import IntEnum

from myna.client import ApiError, ClientError, RequestRefused
from myna.domain.errors import DeviceUnavailable, ErrorKind, MynaError


class ExitCode(IntEnum):
    OK = 0
    FAILED = 1
    """Myna failed: a bug here or in the server (HTTP 5xx)."""
    USAGE = 2
    """The command line or a setting is wrong, or a file cannot be read or written."""
    REFUSED = 3
    """The request was understood and refused (HTTP 4xx), or no recording could be used."""
    NOT_FOUND = 4
    """No such voice, key or engine."""
    CREDENTIALS = 5
    """No key, a wrong key, or a key that may not do this (HTTP 401, 403)."""
    UNREACHABLE = 6
    """No server answered, or what answered is no Myna server."""
    WEIGHTS = 7
    """Model weights are missing or damaged, or cannot be fetched: `myna models pull`."""
    BUSY = 8
    """Busy, starting or stopping (HTTP 429, 503, 504): the same command may work later."""
    INTERRUPTED = 130
    """Ctrl-C."""


_BY_STATUS = {
    401: ExitCode.CREDENTIALS,
    403: ExitCode.CREDENTIALS,
    404: ExitCode.NOT_FOUND,
    429: ExitCode.BUSY,
    503: ExitCode.BUSY,
    504: ExitCode.BUSY,
}
_BY_KIND = {
    ErrorKind.UNAUTHENTICATED: ExitCode.CREDENTIALS,
    ErrorKind.PERMISSION_DENIED: ExitCode.CREDENTIALS,
    ErrorKind.NOT_FOUND: ExitCode.NOT_FOUND,
    ErrorKind.RESOURCE_EXHAUSTED: ExitCode.BUSY,
    ErrorKind.UNAVAILABLE: ExitCode.BUSY,
    ErrorKind.DEADLINE_EXCEEDED: ExitCode.BUSY,
    ErrorKind.INTERNAL: ExitCode.FAILED,
}
_WEIGHTS = "WEIGHTS_"
"""What the codes of errors about weights begin with, here and on the wire."""


def exit_code_for(error: ClientError | MynaError) -> ExitCode:
    """The exit status that tells a script what went wrong."""
    if isinstance(error, DeviceUnavailable):
        return ExitCode.USAGE
    if isinstance(error, MynaError):
        return ExitCode.WEIGHTS if error.code.startswith(_WEIGHTS) else _BY_KIND.get(error.kind, ExitCode.REFUSED)
    if isinstance(error, RequestRefused):
        return ExitCode.USAGE
    if not isinstance(error, ApiError):
        return ExitCode.UNREACHABLE
    if error.reason.startswith(_WEIGHTS):
        return ExitCode.WEIGHTS
    is_refusal = 400 <= error.status < 500
    return _BY_STATUS.get(error.status, ExitCode.REFUSED if is_refusal else ExitCode.FAILED)
