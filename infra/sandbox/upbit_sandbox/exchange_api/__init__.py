"""Upbit's exchange API: the private routes, each with its permission and rate group."""
