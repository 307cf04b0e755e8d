"""What is known of the embedded engine before it is loaded."""

from collections.abc import Sequence

from myna.domain.language import LangCode
from myna.engines.base import Engine, EngineCapabilities, EngineSettings, EngineSpec, StockVoice

VERSION = "1"

_BORROWED_LANGUAGES = frozenset({LangCode.PL_PL, LangCode.RU_RU})
"""The model never heard them; said with sounds of the languages that it knows, and understood."""
_EXPERIMENTAL_LANGUAGES = _BORROWED_LANGUAGES | {LangCode.HI_IN}
"""Understood, but foreign in sound, or not measured as the others are: docs/languages.md."""
_LANGUAGES = _EXPERIMENTAL_LANGUAGES | {
    LangCode.EN_US,
    LangCode.EN_GB,
    LangCode.ES_ES,
    LangCode.FR_FR,
    LangCode.IT_IT,
    LangCode.PT_BR,
    LangCode.JA_JP,
    LangCode.ZH_CN,
}


def _load(settings: EngineSettings) -> Engine:
    from myna.engines.kokoro.engine import KokoroEngine  # noqa: PLC0415  (a spec stays light)

    return KokoroEngine(settings)


def _stock_voices() -> Sequence[StockVoice]:
    from myna.engines.kokoro.voice_stock import stock_voices  # noqa: PLC0415

    return stock_voices()


SPEC = EngineSpec(
    id="kokoro",
    version=VERSION,
    licence="Apache-2.0 (code, Kokoro-82M weights), MIT (ONNX export)",
    summary="Kokoro-82M int8 on ONNX Runtime: clones on a CPU, speaks faster than real time on one core.",
    capabilities=EngineCapabilities(
        languages=_LANGUAGES,
        experimental_languages=_EXPERIMENTAL_LANGUAGES,
        sample_rate_hz=24_000,
        reference_rate_hz=24_000,
        reference_seconds=(1.0, 15.0),
        streams=False,
        max_segment_chars=400,
        seedable=True,
        reports_timings=True,
        refines=True,
    ),
    load=_load,
    stock_voices=_stock_voices,
    weights=(
        "kokoro/text.onnx",
        "kokoro/duration.onnx",
        "kokoro/prosody.onnx",
        "kokoro/decoder.onnx",
        "kokoro/vocab.json",
        "speakers/ge2e.onnx",
        "speakers/campplus.onnx",
        "dnsmos/sig_bak_ovr.onnx",
    ),
)
