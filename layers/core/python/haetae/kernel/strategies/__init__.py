"""Strategies, one file each: its code, its name, its knobs, and one pure signal function."""
