"""Candles and the rules of the market, in exact decimal arithmetic."""
