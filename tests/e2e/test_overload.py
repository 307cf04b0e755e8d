"""Twice the capacity for ten seconds, on an engine that takes its time; `bench/soak.py` does it for half an hour."""

import asyncio
from pathlib import Path

import pytest
from tests.live_server import install_engine, run_server

FLOOD_S, OTHER_S = 10.0, 2.0


def test_an_overloaded_server_stays_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It refuses early and says when to come again, its memory stays, and who does not flood it gets the next or the
    second turn. What took how long is judged by the script: here others share the machine."""
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "bench")
    from soak import MAX_MEMORY_GROWTH, SETTINGS, soak  # noqa: PLC0415

    settings = SETTINGS | {"MYNA_ENGINE_QUEUE_LENGTH": "4"} | install_engine("paced", tmp_path / "site")
    with run_server(tmp_path / "data", "paced", settings=settings) as server:
        report = asyncio.run(soak(server, flood_s=FLOOD_S, other_s=OTHER_S))
    assert report.is_ready, report
    assert (report.num_wrong, report.num_refused > 0) == (0, True), report
    assert report.memory_growth <= MAX_MEMORY_GROWTH, report
    assert report.num_before_beside_flood <= 2, report
