"""A set of the kernel's codes with their machine names: how a message's JSON writes a code."""

from collections.abc import Mapping


class Names:
    """The codes that a field may hold, and the name that stands for each outside the kernel."""

    def __init__(self, what: str, names: Mapping[int, str]) -> None:
        """Hold the names of codes; `what` says in one word what they are codes of."""
        self.what = what
        self.names = names
        self.codes = {name: code for code, name in names.items()}
        assert len(self.codes) == len(names), names
