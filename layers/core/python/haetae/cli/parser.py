"""The grammar of every verb: an option is given once, and a refusal is one sentence.

argparse lets the last of two win in silence and puts a wall of usage before every sentence.
"""

import argparse
from collections.abc import Sequence
from typing import Any, Never

USAGE = 2  # exit code for anything the user can mend


class Parser(argparse.ArgumentParser):
    """A parser that refuses an option given twice, unless it is a list (`action="append"`).

    Parsers of its verbs are of this class too.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.given: set[str] = set()
        for action in (None, "store"):
            self.register("action", action, Once)
        self.register("action", "store_true", OnceTrue)

    def parse_known_args(self, *args: Any, **kwargs: Any) -> Any:
        """Parse, as argparse does, with nothing given yet."""
        self.given.clear()
        return super().parse_known_args(*args, **kwargs)

    def error(self, message: str) -> Never:
        """End with one sentence and exit code 2."""
        sentence = message.removeprefix("argument ")
        self.exit(USAGE, f"haetae: {sentence}; {self.prog} --help says what is allowed\n")


class Once(argparse.Action):
    """Store what an option says, the first time; refuse it the second."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        assert isinstance(parser, Parser)
        if self.dest in parser.given:
            parser.error(f"{'/'.join(self.option_strings)} is given twice")
        if option_string:
            parser.given.add(self.dest)
        setattr(namespace, self.dest, self.value_of(values))

    def value_of(self, values: str | Sequence[Any] | None) -> Any:
        """Return what is stored."""
        return values


class OnceTrue(Once):
    """Store that a switch is given."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(nargs=0, **({"default": False} | kwargs))

    def value_of(self, values: str | Sequence[Any] | None) -> Any:
        """Return true; a switch has no value."""
        del values
        return True
