"""Finds engines through entry points (group `myna.engines`, value: an `EngineSpec`). Lists names without importing."""

from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from myna.domain.errors import EngineFailure, ResourceNotFound
from myna.engines.base import EngineSpec

GROUP = "myna.engines"


@dataclass(frozen=True, slots=True)
class EngineListing:
    """An installed engine, or why it cannot be used."""

    id: str
    distribution: str
    spec: EngineSpec | None
    problem: str = ""


def find_entry_points() -> dict[str, EntryPoint]:
    """Engine id -> entry point, nothing imported. Raises: EngineFailure when two distributions claim one id."""
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=GROUP):
        other = found.get(point.name)
        if other is not None and other.value != point.value:
            raise EngineFailure(
                f"Two installed packages offer the engine '{point.name}': {_distribution(other)} and "
                f"{_distribution(point)}. Uninstall one of them."
            )
        found[point.name] = point
    return found


def load_spec(engine_id: str) -> EngineSpec:
    """Imports its light module only. Raises: ResourceNotFound (nobody offers it), EngineFailure (no import)."""
    points = find_entry_points()
    point = points.get(engine_id)
    if point is None:
        raise ResourceNotFound(f"There is no engine '{engine_id}'. Installed: {', '.join(sorted(points)) or 'none'}.")
    try:
        spec = point.load()
    except (ImportError, AttributeError) as exc:
        raise EngineFailure(f"The engine '{engine_id}' of {_distribution(point)} cannot be imported: {exc}") from exc
    if not isinstance(spec, EngineSpec) or spec.id != engine_id:
        raise EngineFailure(f"The entry point '{engine_id}' of {_distribution(point)} is not an EngineSpec of that id.")
    return spec


def list_engines() -> list[EngineListing]:
    """Every installed engine, by id; a plug-in that fails to import is listed with its reason."""
    listings = []
    for engine_id, point in sorted(find_entry_points().items()):
        try:
            listings.append(EngineListing(engine_id, _distribution(point), load_spec(engine_id)))
        except EngineFailure as exc:
            listings.append(EngineListing(engine_id, _distribution(point), None, exc.message))
    return listings


def _distribution(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else "an unknown package"
