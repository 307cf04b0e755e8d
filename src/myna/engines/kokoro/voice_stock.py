"""The stock voices: blends of public style packs, made by `training/stock_voices.py` and shipped as small files."""

import json
import math
from collections.abc import Sequence
from io import BytesIO

import numpy as np

from myna.domain.language import LangCode
from myna.engines.base import StockVoice
from myna.engines.kokoro.norm_statistics import NormStatistics
from myna.engines.kokoro.shipped_file import read_shipped
from myna.engines.kokoro.voice_artifact import NUM_EQ_BANDS, STYLE_DIM, KokoroVoice, pack_voice


def stock_voices() -> Sequence[StockVoice]:
    """All voices that come with the engine, in the order of the shipped file."""
    described = json.loads(read_shipped("stock_voices.json"))
    with np.load(BytesIO(read_shipped("stock_voices.npz"))) as tables:
        styles = tables["styles"].astype(np.float32)
    with np.load(BytesIO(read_shipped("stock_norms.npz"))) as tables:
        norms = [NormStatistics(*pair) for pair in zip(tables["mean"], tables["deviation"], strict=True)]
    return [
        StockVoice(
            name=entry["name"],
            lang=LangCode(entry["lang"]),
            gender=entry["gender"],
            age_group=entry["age_group"],
            description=entry["description"],
            artifact=pack_voice(
                KokoroVoice(
                    timbre_style=style[:STYLE_DIM],
                    articulation_style=style[:STYLE_DIM],
                    prosody_style=style[STYLE_DIM:],
                    predicted_log_f0=0.0,
                    target_log_f0=entry["pitch_semitones"] * math.log(2.0) / 12.0,
                    pitch_spread=1.0,
                    duration_scale=entry["duration_scale"],
                    eq_db=np.zeros(NUM_EQ_BANDS, dtype=np.float32),
                ),
                practised,
            ),
        )
        for entry, style, practised in zip(described, styles, norms, strict=True)
    ]
