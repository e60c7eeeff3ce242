"""Upbit: its client, the bodies it sends, the transport under it and the signature."""
