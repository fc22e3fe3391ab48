"""Listening: the recording's bytes by HTTP range and the peaks that its waveform is drawn from."""
