"""What a process may have alone, as the replicas of a cluster do: an engine, or the models that listen; no store."""

from typing import Protocol

from myna.config import Settings
from myna.engines.base import EngineSettings
from myna.engines.registry import load_spec
from myna.runtime.foreground import Foreground, at_leisure
from myna.runtime.in_process import InProcessEngineClient
from myna.usecases.ports import SampleAnalyst


class LoadedAnalyst(SampleAnalyst, Protocol):
    """A `SampleAnalyst` with models to load and to give back."""

    def load(self) -> object: ...

    def close(self) -> None: ...


def open_foreground(settings: Settings) -> Foreground:
    """Of this process; it sees those of others with the same data folder."""
    return Foreground(shared=settings.data_dir / "served.lock")


def build_engine(settings: Settings, foreground: Foreground | None = None, **other_sizes: int) -> InProcessEngineClient:
    """other_sizes: of `InProcessEngineClient`, for the settings' own. Raises: ResourceNotFound, EngineFailure,
    DeviceUnavailable."""
    spec = load_spec(settings.engine)
    spec.check_device(settings.device)
    return InProcessEngineClient(
        spec,
        EngineSettings(settings.weights_dir, settings.engine_threads, settings.device),
        foreground,
        hang_s=settings.engine_hang_s,
        **{"num_slots": settings.engine_slots, "queue_length": settings.engine_queue_length} | other_sizes,
    )


def build_analyst(settings: Settings) -> LoadedAnalyst:
    from myna.analysis.sample_analyst import ModelSampleAnalyst  # noqa: PLC0415  (a second that engines do without)

    return ModelSampleAnalyst(
        settings.weights_dir,
        max_sample_bytes=settings.max_sample_bytes,
        max_sample_s=settings.max_sample_s,
        is_at_leisure=at_leisure.get,
    )
