"""Pure signal processing: bytes to waveform, waveform to waveform, waveform to bytes. No model, no storage."""
