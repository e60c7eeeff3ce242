"""Upbit's quotation API: the public routes, made here or mirrored from an upstream."""
