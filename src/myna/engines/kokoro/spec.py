"""What is known of the embedded engine before it is loaded."""

from collections.abc import Sequence

from myna.engines.base import Engine, EngineCapabilities, EngineSettings, EngineSpec, StockVoice
from myna.engines.kokoro.phonemes.phonemizer import SPOKEN_LANGUAGES

VERSION = "1"


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
        languages=frozenset(SPOKEN_LANGUAGES),
        experimental_languages=frozenset(lang for lang, how in SPOKEN_LANGUAGES.items() if how.is_experimental),
        sample_rate_hz=24_000,
        reference_rate_hz=24_000,
        reference_seconds=(1.0, 15.0),
        streams=True,
        max_segment_chars=400,
        reports_timings=True,
        hears=True,
        refines=True,
        voice_bytes=50_000,
        devices=frozenset({"cpu", "cuda"}),
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
