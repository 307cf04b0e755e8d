"""What listens to recordings, shared by the files of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from myna.analysis.sample_analyst import ModelSampleAnalyst
from myna.config import Settings


@pytest.fixture(scope="package")
def analyst(weights_dir: Path) -> Iterator[ModelSampleAnalyst]:
    analyst = ModelSampleAnalyst(weights_dir, max_sample_bytes=Settings().max_sample_bytes, max_sample_s=300.0)
    yield analyst
    analyst.close()
