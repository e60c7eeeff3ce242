"""Straight-line use cases over ports."""
