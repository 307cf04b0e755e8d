"""The audit log: an unbroken chain from many writers, and no line changed or missing without being found out."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.stored_content import run_myna

from myna.cli.exit_codes import ExitCode
from myna.domain.errors import ServiceUnavailable
from myna.observability.audit_log import AUDIT_FILE, AuditLog, verify_audit_log

Lines = list[bytes]


def fill(folder: Path, num_lines: int = 6) -> Path:
    log = AuditLog(folder)
    for number in range(num_lines):
        log.note("speak" if number % 2 else "clone", f"ours__v{number}", key_id="k1", recordings=("ab",))
    return folder / AUDIT_FILE


def edited(line: bytes, **fields: object) -> bytes:
    return json.dumps(json.loads(line) | fields).encode() + b"\n"


TAMPERINGS: dict[tuple[str, str], Callable[[Lines], Lines]] = {
    ("a field that was changed", "line 3 was changed"): lambda lines: [
        *lines[:2], edited(lines[2], key="k2"), *lines[3:]
    ],
    ("the last line changed", "line 6 is not the one"): lambda lines: [*lines[:5], edited(lines[5], key="k2")],
    ("a line that was removed", "lines 3 to 3 are missing"): lambda lines: [*lines[:2], *lines[3:]],
    ("the first lines removed", "lines 1 to 2 are missing"): lambda lines: lines[2:],
    ("the last line's end removed", "line 6 has no end"): lambda lines: [*lines[:5], lines[5][:-1]],
    ("the last lines removed", "lines 5 to 6 are missing at the end"): lambda lines: lines[:4],
    ("everything removed", "lines 1 to 6 are missing at the end"): lambda lines: [],
    ("a line that was put in", "stands behind"): lambda lines: [*lines[:3], lines[0], *lines[3:]],
    ("two lines that changed places", "are missing"): lambda lines: [*lines[:1], lines[2], lines[1], *lines[3:]],
    ("a line that is none", "line 2 is no line"): lambda lines: [*lines[:1], b"[]\n", *lines[2:]],
}  # fmt: skip


@pytest.mark.parametrize(("what", "said"), TAMPERINGS, ids=str)
def test_tampering_is_found(tmp_path: Path, what: str, said: str) -> None:
    """Whatever was done to it, and also when the log went on afterwards."""
    path = fill(tmp_path)
    assert verify_audit_log([path]).problems == []
    path.write_bytes(b"".join(TAMPERINGS[what, said](path.read_bytes().splitlines(keepends=True))))
    assert any(said in problem for problem in verify_audit_log([path]).problems)
    AuditLog(tmp_path).note("delete", "ours__v1", key_id="k1")
    assert verify_audit_log([path]).problems


async def test_many_writers_make_one_chain(tmp_path: Path) -> None:
    """Threads and processes take turns, a log that was moved away goes on, and the command reads the parts in order."""
    logs = [AuditLog(tmp_path, lock_wait_s=60.0) for _ in range(4)]  # which of eighty is next is chance
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: logs[number % 4].note("speak", "v", key_id=f"k{number}"), range(80)))
    path = tmp_path / AUDIT_FILE
    assert {json.loads(line)["key"] for line in path.read_bytes().splitlines()} == {
        f"k{number}" for number in range(80)
    }
    path.rename(tmp_path / "old.jsonl")
    logs[0].note("revoke", "v", key_id="k")
    code, report = await run_myna("audit", "verify", tmp_path / "old.jsonl", path, "--data-dir", tmp_path)
    assert (code, report["lines"], report["problems"]) == (ExitCode.OK, 81, [])
    code, report = await run_myna("audit", "verify", "--data-dir", tmp_path)
    assert (code, report["problems"]) == (ExitCode.FAILED, ["lines 1 to 80 are missing"])


@pytest.mark.parametrize("tail", ["whole", "torn"])
def test_a_writer_that_died_breaks_nothing(tmp_path: Path, tail: str) -> None:
    """Killed after its line but before noting that, the line counts; killed in the middle of it, it never was."""
    path = fill(tmp_path)
    head = (tmp_path / "audit.head").read_bytes()
    AuditLog(tmp_path).note("delete", "ours__v1", key_id="k1")
    (tmp_path / "audit.head").write_bytes(head)
    if tail == "torn":
        path.write_bytes(path.read_bytes()[:-20])
    AuditLog(tmp_path).note("delete", "ours__v2", key_id="k1")
    report = verify_audit_log([path])
    assert (report.num_lines, report.problems) == (8 if tail == "whole" else 7, [])


def test_lines_that_do_not_chain_stay(tmp_path: Path) -> None:
    """Foreign lines behind the end are not erased, and the break shows for good."""
    path = fill(tmp_path)
    lines = path.read_bytes().splitlines(keepends=True)
    foreign = [edited(lines[5], n=7), b"nonsense\n", b"[" * 100_000 + b"\n", edited(lines[5], n=float("inf"))]
    path.write_bytes(b"".join([*lines, *foreign, lines[0][:-20]]))
    fill(tmp_path, 2)
    assert path.read_bytes().splitlines(keepends=True)[:-2] == [*lines, *foreign]
    assert verify_audit_log([path]).problems[0].startswith("line 6 was changed, or what line 7 says")


@pytest.mark.parametrize("head", [None, b"", b"torn 0000", b"older"], ids=str)
@pytest.mark.parametrize(("is_moved", "num_new"), [(False, 3), (True, 3), (True, 1)])
def test_a_lost_head_costs_no_line(tmp_path: Path, head: bytes | None, is_moved: bool, num_new: int) -> None:
    """Missing, empty, torn, or from an earlier day: it is found again, also in a file begun since."""
    path = fill(tmp_path, 2)
    older, parts = (tmp_path / "audit.head").read_bytes(), [path]
    if is_moved:
        parts.insert(0, path.rename(tmp_path / "old.jsonl"))
    fill(tmp_path, num_new)
    (tmp_path / "audit.head").unlink()
    if head is not None:
        (tmp_path / "audit.head").write_bytes(older if head == b"older" else head)
    for _ in range(2):
        AuditLog(tmp_path).note("delete", "ours__v1", key_id="k1")
    report = verify_audit_log(parts)
    assert (report.num_lines, report.problems) == (4 + num_new, [])


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    """In our words; only the owner may read what is written."""
    assert fill(tmp_path / "new").stat().st_mode & 0o777 == 0o600
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ServiceUnavailable):
        AuditLog(tmp_path / "file").note("clone", "v", key_id="k")
