"""What Myna may know of the engine before it is loaded. Light: imports no model runtime."""

from collections.abc import Sequence

from myna.domain.language import LangCode
from myna.engines.base import Engine, EngineCapabilities, EngineSettings, EngineSpec, StockVoice
from myna_chime.artifact import write_artifact

_PITCHES_HZ = {"Dennis": 110.0, "Jason": 116.0, "Clive": 98.0, "Craig": 123.0, "Alex": 104.0} | {
    "Sarah": 208.0,
    "Ashley": 220.0,
    "Hana": 233.0,
    "Olivia": 196.0,
}
_HIGH_HZ = 160.0


def _load(settings: EngineSettings) -> Engine:
    from myna_chime.engine import ChimeEngine  # noqa: PLC0415  (heavy imports belong behind `load`)

    del settings  # an engine with weights reads them from settings.weights_dir
    return ChimeEngine()


def _stock_voices() -> Sequence[StockVoice]:
    """The names that stock clients use when they are told no other."""
    return [
        StockVoice(
            name=name,
            lang=LangCode.EN_US,
            gender="female" if pitch_hz > _HIGH_HZ else "male",
            age_group="middle_aged",
            description=f"A bell of {pitch_hz:.0f} Hz.",
            artifact=write_artifact(pitch_hz),
        )
        for name, pitch_hz in _PITCHES_HZ.items()
    ]


SPEC = EngineSpec(
    id="chime",
    version="1",
    licence="Apache-2.0 (no weights)",
    summary="Strikes a bell for each word, tuned to the person's pitch. Shows how an engine is added.",
    capabilities=EngineCapabilities(
        languages=frozenset(LangCode),
        sample_rate_hz=24000,
        reference_rate_hz=16000,
        reference_seconds=(1.0, 15.0),
        streams=True,
        reports_timings=True,
    ),
    load=_load,
    stock_voices=_stock_voices,
)
