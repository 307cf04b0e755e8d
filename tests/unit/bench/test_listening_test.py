"""The page for listeners: it names nobody before the end, and what it saves can be scored."""

import base64
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

sys.path.insert(0, str(Path(__file__).parents[3] / "bench"))
import listening_test

SYSTEMS = ("brilliant", "humdrum")
PEOPLE = ("alice-1", "bertha-2")


@pytest.fixture
def page(tmp_path: Path) -> str:
    """Two people, two systems with two sentences each, and two recordings of everybody."""
    dice = np.random.default_rng(4)
    recordings = []
    for person in PEOPLE:
        for name in [f"{person}_{system}_{place}" for system in SYSTEMS for place in range(2)] + [person]:
            soundfile.write(tmp_path / f"{name}.flac", 0.1 * dice.standard_normal(8000), 16_000)
        recordings.append(tmp_path / f"{person}.flac")
    spoken = listening_test.read_folder(tmp_path)
    return listening_test.write_page(spoken, dict(zip(PEOPLE, recordings, strict=True)), 60, 1, 2)


def data_of(page: str) -> dict:
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)[1])


def test_the_page_needs_nothing_else_and_names_nobody(page: str) -> None:
    assert not re.search("|".join([*SYSTEMS, *PEOPLE]), page)
    assert not re.search(r"""(?:src|href)\s*=\s*["']|https?://|@import""", page)
    data = data_of(page)
    kinds = [trial["kind"] for trial in data["trials"]]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {"abx": 4, "natural": 8, "alike": 8}
    for trial in data["trials"]:
        assert set(trial["sounds"]) | {trial.get("person", trial["sounds"][0])} <= set(data["sounds"])
    assert all(sound.startswith("data:audio/mpeg;base64,") for sound in data["sounds"].values())


def test_what_listeners_save_is_scored_by_the_names_of_the_systems(page: str, tmp_path: Path) -> None:
    """A listener who always hears one system as the person, and rates it 4 where the other gets 2."""
    data = data_of(page)
    key = json.loads(base64.b64decode(data["key"]))
    files = []
    for listener in ("ann", "bob"):
        answers = {}
        for trial in data["trials"]:
            systems = key[trial["id"]]["systems"]
            best = next((sound for sound in trial["sounds"] if systems[sound] == "brilliant"), None)
            answers[trial["id"]] = best if trial["kind"] == "abx" else 4 if best else 2
        saved = {"test": data["test"], "listener": listener, "answers": answers, "key": data["key"]}
        files.append(tmp_path / f"answers-{listener}.json")
        files[-1].write_text(json.dumps(saved))
    answers = listening_test.read_answers(files)
    assert listening_test.mean_and_interval(answers["abx"]["brilliant over humdrum"]) == (1.0, 1.0, 1.0)
    assert {name: listening_test.mean_and_interval(given)[0] for name, given in answers["alike"].items()} == {
        "brilliant": 4.0,
        "humdrum": 2.0,
    }
    assert "brilliant over humdrum           1.00 (1.00 to 1.00)  8 answers, 2 listeners" in listening_test.score(files)
    files[0].write_text('{"answers": {"t1": 3}}')
    with pytest.raises(ValueError, match="does not hold the answers"):
        listening_test.read_answers(files)


def test_the_interval_is_wider_than_chance_within_one_listener() -> None:
    """Twenty answers of two listeners who disagree are two opinions, not twenty."""
    answers = [
        listening_test.Answer(name, f"p{place}", rate) for name, rate in (("a", 1), ("b", 5)) for place in range(10)
    ]
    mean, low, high = listening_test.mean_and_interval(answers)
    assert (mean, low, high) == (3.0, 1.0, 5.0)
