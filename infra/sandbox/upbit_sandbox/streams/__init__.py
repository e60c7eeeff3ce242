"""Upbit's WebSocket: what is subscribed to, what has changed, and the frames that say so."""
