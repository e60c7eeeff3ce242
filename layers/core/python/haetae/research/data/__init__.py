"""Recorded candles: collected, read from files, and cut to what a run needs."""
