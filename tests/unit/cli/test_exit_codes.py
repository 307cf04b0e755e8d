"""What the exit status of the command line means."""

import re
from pathlib import Path

import pytest

import myna.domain.errors
from myna.cli.exit_codes import ExitCode, exit_code_for
from myna.client import ApiError, ReplyUnreadable, RequestRefused, ServerUnreachable
from myna.domain.errors import MynaError

DOCUMENT = Path(__file__).parents[3] / "docs" / "cli.md"


@pytest.mark.parametrize(
    ("status", "reason", "expected"),
    [
        (400, "", ExitCode.REFUSED),
        (401, "", ExitCode.CREDENTIALS),
        (403, "", ExitCode.CREDENTIALS),
        (404, "", ExitCode.NOT_FOUND),
        (409, "", ExitCode.REFUSED),
        (413, "", ExitCode.REFUSED),
        (429, "", ExitCode.BUSY),
        (500, "", ExitCode.FAILED),
        (503, "", ExitCode.BUSY),
        (503, "WEIGHTS_MISSING", ExitCode.WEIGHTS),
        (ApiError.MID_STREAM, "", ExitCode.FAILED),
    ],
)
def test_a_servers_answer_decides(status: int, reason: str, expected: ExitCode) -> None:
    """Scripts can tell a refusal from a failure, and both from a server that is only busy."""
    assert exit_code_for(ApiError(status, 0, "m", reason)) is expected


def test_errors_on_this_side_decide() -> None:
    """What never reached a server has codes of its own."""
    assert exit_code_for(ServerUnreachable("m")) is ExitCode.UNREACHABLE
    assert exit_code_for(ReplyUnreadable("m")) is ExitCode.UNREACHABLE
    assert exit_code_for(RequestRefused("m")) is ExitCode.USAGE


def test_every_error_of_the_service_has_an_exit_code() -> None:
    """In process the same failures end in the same codes as over HTTP; those about weights stand out."""
    errors = [
        kind for kind in vars(myna.domain.errors).values() if isinstance(kind, type) and issubclass(kind, MynaError)
    ]
    codes = {error.__name__: exit_code_for(error("m")) for error in errors}
    assert {name for name, code in codes.items() if code is ExitCode.WEIGHTS} == {
        "WeightsMissing",
        "WeightsCorrupt",
        "WeightsUnavailable",
    }
    assert codes["VoiceNotFound"] is ExitCode.NOT_FOUND
    assert codes["PermissionDenied"] is ExitCode.CREDENTIALS
    assert codes["Overloaded"] is ExitCode.BUSY
    assert codes["EngineFailure"] is ExitCode.FAILED


def test_every_exit_code_is_documented() -> None:
    """docs/cli.md has a row for each code, and none for others."""
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", DOCUMENT.read_text(), re.MULTILINE)}
    assert documented == {int(code) for code in ExitCode}
