"""Requests made up from the served description, as it allows them and as it does not: no answer is a 5xx."""

from collections import Counter
from contextlib import suppress

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from tests.live_server import LiveServer

REQUESTS_PER_OPERATION = 10
"""A time box of some seconds, not a proof; raise it by hand to look longer."""
LIMIT_S = 60.0


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_made_up_requests_are_answered(tone_server: LiveServer, mode: GenerationMode) -> None:
    """With a key that may do everything: no bug of the server, and refusals have the one body."""
    schema = schemathesis.openapi.from_url(f"{tone_server.url}/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    # The longer paths have the same handlers as the short ones.
    operations = [operation for operation in operations if "{workspace}" not in operation.path]
    assert len(operations) >= 20
    told: Counter[int] = Counter()

    def check(case: schemathesis.Case) -> None:
        case.headers["Authorization"] = f"Basic {tone_server.key}"
        reply = case.call(timeout=LIMIT_S)
        told[reply.status_code] += 1
        assert reply.status_code < 500, (case.operation.label, reply.text)
        if reply.status_code >= 400:
            is_elevenlabs = "elevenlabs" in case.operation.tags
            body = {"detail"} if is_elevenlabs else {"code", "message", "details"}
            assert body <= reply.json().keys(), case.operation.label

    box = settings(
        max_examples=REQUESTS_PER_OPERATION,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    for operation in operations:
        with suppress(Unsatisfiable):  # what takes nothing cannot be asked wrongly
            box(given(operation.as_strategy(generation_mode=mode))(check))()
    assert told[200 if mode is GenerationMode.POSITIVE else 400] > 30, told
