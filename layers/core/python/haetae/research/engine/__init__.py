"""The compiled kernel over recorded candles, and what a run results in."""
