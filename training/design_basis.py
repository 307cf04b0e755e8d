"""Measures the predicted pitch of each stock voice as it is heard, for designing voices: shipped/stock_pitch.json.

Run with the package installed and the weights pulled: python training/design_basis.py
"""

import json
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path
from record_digests import record_digests

from myna.domain.language import LangCode
from myna.engines.kokoro.graphs import KokoroGraphs, round_frames
from myna.engines.kokoro.making.voice_practice import voiced_log_f0
from myna.engines.kokoro.phonemes.english import EnglishPhonemizer
from myna.engines.kokoro.phonemes.symbols import WEIGHT_NAME, Vocabulary, join_tokens
from myna.engines.kokoro.voice_artifact import unpack_voice
from myna.engines.kokoro.voice_stock import stock_voices
from myna.text.plan import plan_speech
from myna.weights.store import WeightStore

TEXTS = (
    "The old keeper walked slowly along the shore and watched the waves.",
    "She asked whether anyone had finished the report before the meeting.",
    "Please remember to bring a warm jacket, because the evenings are cold.",
)


def main() -> None:
    weights = WeightStore(user_cache_path("myna") / "weights")
    graphs = KokoroGraphs(weights, num_threads=1)
    vocabulary = Vocabulary(weights.path(WEIGHT_NAME))
    phonemizer = EnglishPhonemizer(is_british=False)
    encodings = []
    for text in TEXTS:
        plan = plan_speech(text, LangCode.EN_US, normalize=True, max_segment_chars=400, first_segment_chars=None)
        tokens = plan[0].tokens
        spoken = [vocabulary.keep_known(symbols) for symbols in phonemizer.phonemize(tokens)]
        sequence = join_tokens(spoken, [token.whitespace for token in tokens])
        encodings.append(graphs.encode_text(vocabulary.encode(sequence.symbols)))
    measured = {}
    for stock in stock_voices():
        voice = unpack_voice(stock.artifact)
        log_f0 = []
        for encoding in encodings:
            durations = graphs.predict_durations(encoding, voice.prosody_style)
            curves = graphs.predict_prosody(durations.hidden, round_frames(durations.frames), voice.prosody_style)
            log_f0.append(voiced_log_f0(curves))
        mean = float(np.concatenate(log_f0).mean())
        measured[stock.name] = round(mean, 4)
        print(f"{stock.name:10s} {np.exp(mean):6.1f} Hz")
    target = Path(__file__).parents[1] / "src/myna/engines/kokoro/shipped/stock_pitch.json"
    target.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    record_digests()


if __name__ == "__main__":
    main()
