"""What can go wrong on this machine: one sentence, with the command that helps."""


class LocalError(Exception):
    """The local stack cannot do what was asked; the text says why and what to do."""
