"""The last words of a command that failed."""

import json
import logging
import secrets
import sys

from myna.cli.exit_codes import ExitCode, exit_code_for
from myna.cli.output import remark
from myna.client import ApiError, ClientError
from myna.domain.errors import MynaError

logger = logging.getLogger(__name__)


def tell_failure(error: Exception) -> ExitCode:
    """Say what went wrong, and give what to exit with."""
    if isinstance(error, ClientError | MynaError):
        code = exit_code_for(error)
        _tell(code, error.message, error.reason if isinstance(error, ApiError) else getattr(error, "code", ""))
        return code
    error_id = secrets.token_hex(4)
    logger.error("unexpected error %s", error_id, exc_info=error)
    _tell(ExitCode.FAILED, f"Myna failed unexpectedly (error {error_id}): {type(error).__name__}. This is a bug.")
    return ExitCode.FAILED


def _tell(code: ExitCode, message: str, name: str = "") -> None:
    """One line, or one JSON document when the command was asked for JSON."""
    if "--json" in sys.argv:
        error = {"exitCode": int(code), "code": name, "message": message}
        sys.stderr.write(json.dumps({"error": error}, ensure_ascii=False) + "\n")
    else:
        remark(f"myna: {message}", style="red")
