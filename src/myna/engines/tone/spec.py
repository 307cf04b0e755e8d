"""What is known of the tone engine before it is loaded."""

from collections.abc import Sequence

from myna.domain.language import LangCode
from myna.engines.base import Engine, EngineCapabilities, EngineSettings, EngineSpec, StockVoice

VERSION = "1"

_STOCK_PITCHES_HZ = {
    "Dennis": 110.0,
    "Sarah": 205.0,
    "Ashley": 220.0,
    "Hana": 230.0,
    "Jason": 115.0,
    "Clive": 98.0,
    "Craig": 120.0,
    "Alex": 105.0,
    "Olivia": 210.0,
    "Hades": 82.0,
    "Aarav": 125.0,
}
_HIGH_HZ = 160.0


def _load(settings: EngineSettings) -> Engine:
    from myna.engines.tone.engine import ToneEngine  # noqa: PLC0415  (a spec stays light)

    del settings
    return ToneEngine()


def _stock_voices() -> Sequence[StockVoice]:
    from myna.engines.tone.artifact import write_artifact  # noqa: PLC0415

    return [
        StockVoice(
            name=name,
            lang=LangCode.EN_US,
            gender="female" if pitch_hz > _HIGH_HZ else "male",
            age_group="middle_aged",
            description=f"A tone of {pitch_hz:.0f} Hz.",
            artifact=write_artifact(pitch_hz),
        )
        for name, pitch_hz in _STOCK_PITCHES_HZ.items()
    ]


SPEC = EngineSpec(
    id="tone",
    version=VERSION,
    licence="Apache-2.0 (no weights)",
    summary="Hums at the person's pitch for as long as the text would take. For tests and as a plug-in example.",
    capabilities=EngineCapabilities(
        languages=frozenset(LangCode),
        sample_rate_hz=24000,
        reference_rate_hz=16000,
        reference_seconds=(1.0, 15.0),
        streams=True,
        reports_timings=True,
        speaks_words=False,
    ),
    load=_load,
    stock_voices=_stock_voices,
)
