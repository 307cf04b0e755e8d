"""From words to the phoneme symbols that Kokoro was trained on, per language."""
