"""Upbit's market as values: names, candles and their judgement, the order book."""
