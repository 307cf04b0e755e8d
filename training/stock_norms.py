"""Let the stock voices practise, so that the first request for one of them does not wait for it.

    python training/stock_norms.py

Writes `stock_norms.npz` (float16, 37 KB a voice) into the engine's shipped files. After `stock_voices.py`, and after a change to the
decoder or its streaming graphs; three seconds of one core a voice.
"""

import sys
from pathlib import Path

import numpy as np
from record_digests import SHIPPED, record_digests

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))
from myna.config import Settings
from myna.engines.base import EngineSettings
from myna.engines.kokoro.engine import KokoroEngine
from myna.engines.kokoro.spec import SPEC
from myna.engines.kokoro.voice_artifact import pack_voice, unpack_voice
from myna.weights.manifest import load_manifest


def main() -> None:
    engine = SPEC.load(EngineSettings(Settings().weights_dir, num_threads=2))
    assert isinstance(engine, KokoroEngine)
    unpractised = [pack_voice(unpack_voice(stock.artifact)) for stock in SPEC.stock_voices()]
    norms = [engine.load_voice(artifact).norms for artifact in unpractised]
    decoder = load_manifest().file("kokoro/decoder.onnx")
    assert decoder is not None
    np.savez_compressed(
        SHIPPED / "stock_norms.npz",
        mean=np.stack([entry.mean for entry in norms]),
        deviation=np.stack([entry.deviation for entry in norms]),
        decoder=sorted(decoder.sha256),
    )
    record_digests()


if __name__ == "__main__":
    main()
