"""Text: what is to be spoken, where it is cut, which language it is in. No model, no phonemes."""
