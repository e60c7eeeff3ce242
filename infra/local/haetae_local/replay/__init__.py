"""Recorded minutes driven through deployed functions."""
