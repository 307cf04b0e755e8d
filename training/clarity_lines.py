"""Write the lines by which the engine hears whether a voice is understood, in the model's symbols.

    python training/clarity_lines.py

Seconds. None of them is among the bench's hard lines.
"""

import json
import sys
from pathlib import Path

import platformdirs
from record_digests import SHIPPED, record_digests

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))
from myna.domain.language import LangCode
from myna.engines.kokoro.phonemes.phonemizer import open_phonemizer
from myna.engines.kokoro.phonemes.symbols import WEIGHT_NAME, Vocabulary, join_tokens
from myna.text.plan import plan_speech
from myna.weights.store import WeightStore

LINES = (
    "She's gone, all of it, gone.",
    "Who did this?",
    "Step away from there.",
    "It's a trap!",
    "Nothing. Not a thing.",
    "Frank saw the ships.",
)
"""Of twelve lines those of which the recogniser is sure when stock voices say them: "Run, now!" is "Runs now" by everybody."""


def main() -> None:
    weights = WeightStore(Path(platformdirs.user_cache_dir("myna")) / "weights")
    vocabulary = Vocabulary(weights.path(WEIGHT_NAME))
    phonemizer = open_phonemizer(LangCode.EN_US, lambda: phonemizer)
    entries = []
    for line in LINES:
        segments = plan_speech(line, LangCode.EN_US, normalize=True, max_segment_chars=1000, first_segment_chars=None)
        tokens = [token for segment in segments for token in segment.tokens]
        known = [vocabulary.keep_known(spoken) for spoken in phonemizer.phonemize(tuple(tokens))]
        symbols = join_tokens(known, [token.whitespace for token in tokens]).symbols
        entries.append({"text": line, "symbols": symbols})
    (SHIPPED / "clarity_lines.json").write_text(
        json.dumps(entries, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    record_digests()


if __name__ == "__main__":
    main()
