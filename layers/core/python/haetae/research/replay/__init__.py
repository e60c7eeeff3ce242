"""The same candles through the real handlers, minute by minute, at a sandbox exchange."""
