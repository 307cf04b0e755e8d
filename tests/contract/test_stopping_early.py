"""The service as it is put together, stopped before it has loaded everything."""

import asyncio
import threading
from pathlib import Path

from myna.analysis.sample_analyst import ModelSampleAnalyst
from myna.bootstrap import build_services
from myna.config import Settings


class SlowAnalyst(ModelSampleAnalyst):
    """Loads until it is let go."""

    def __init__(self) -> None:
        super().__init__(Path("unused"), max_sample_bytes=1, max_sample_s=1.0)
        self.is_loading, self.may_load = threading.Event(), threading.Event()

    def load(self) -> None:
        self.is_loading.set()
        assert self.may_load.wait(60)


async def test_nothing_is_left_of_a_start(tmp_path: Path) -> None:
    """Closing neither waits for the listening models nor leaves the task behind that loads them."""
    analyst = SlowAnalyst()
    services = build_services(Settings(data_dir=tmp_path, engine="tone"), analyst=analyst)
    before = asyncio.all_tasks()
    await services.start()
    assert await asyncio.to_thread(analyst.is_loading.wait, 60)
    await services.close()
    left = asyncio.all_tasks() - before
    analyst.may_load.set()
    assert left == set()
