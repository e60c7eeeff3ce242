"""The numeric brain: NamedTuples of numbers in, NamedTuples out; nothing else."""
