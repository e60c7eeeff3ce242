"""`haetae …`: find the verb, parse its arguments, run it, translate errors.

Only the file of the verb that was asked for is imported. Verbs of other distributions are found by
entry point, and only when no verb of this one has the name: `haetae.cli.plugins`.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module

from haetae.base.errors import ConfigError, HaetaeError
from haetae.cli.parser import USAGE, Parser
from haetae.cli.plugins import VERBS as PLUGIN_VERBS
from haetae.cli.plugins import load, names

SAID_BY_OPERATORS = {"--reason", "--confirm"}


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb: the module that has its `add_arguments` and its `run`, and one line of help.

    `run` returns the exit code: 0 when it did what was asked, 2 when it could not; 1 is for a verb
    that found what it looks for.
    """

    module: str
    help: str


VERBS = {
    "backtest": Verb("haetae.cli.backtest", "run the compiled kernel over recorded candles"),
    "replay": Verb("haetae.cli.replay", "push the same candles through the real handlers"),
    "collect": Verb("haetae.research.data.collect", "fetch candle history into a file"),
    "settings": Verb("haetae.cli.settings", "print every setting with a profile's values"),
    "doctor": Verb("haetae.cli.doctor", "say what is wrong here and what to do about it"),
    "strategy": Verb("haetae.cli.strategy", "check a strategy of your own: strategy check FILE"),
    "kill": Verb("haetae.cli.kill", "cancel everything, sell everything, then only halt"),
    "stop": Verb("haetae.cli.stop", "no new entries; positions keep their stops"),
    "halt": Verb("haetae.cli.halt", "nothing but exits"),
    "resume": Verb("haetae.cli.resume", "trade again"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code; 2 with one sentence when it could not."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    name = arguments[0] if arguments else ""
    try:
        if name not in VERBS and name in names(PLUGIN_VERBS):
            verb: Callable[[list[str]], int] = load(PLUGIN_VERBS, name, tuple(VERBS))
            return verb(arguments[1:])
        refuse_empty(arguments)
        args = parser(name).parse_args(arguments)
        code: int = args.run(args)
    except HaetaeError as error:
        print(f"haetae: {error}", file=sys.stderr)
        return USAGE
    return code


def refuse_empty(arguments: Sequence[str]) -> None:
    """Refuse an option that says nothing: it would be taken as not given, or as this folder.

    An operator's reason and words are judged by what takes them.

    Raises:
        ConfigError: there is one; names it.
    """
    for option, value in zip(arguments, [*arguments[1:], "-"], strict=False):
        name, equals, rest = option.partition("=")
        empty = not value.strip() or (equals and not rest.strip())
        if name.startswith("--") and empty and name not in SAID_BY_OPERATORS:
            raise ConfigError(f"{name} is empty; allowed: a value, or leave it out")


def parser(name: str) -> Parser:
    """Return the grammar of the verb `name`; of every verb only the help when there is none."""
    top = Parser(prog="haetae", description="You trade what you tested.")
    verbs = top.add_subparsers(required=True, metavar="VERB")
    for known, verb in VERBS.items():
        grammar = verbs.add_parser(known, help=verb.help)
        if known == name:
            module = import_module(verb.module)
            module.add_arguments(grammar)
            grammar.set_defaults(run=module.run)
    if name not in VERBS:
        for other in names(PLUGIN_VERBS):
            verbs.add_parser(other, help=f"haetae {other} --help")
    return top


if __name__ == "__main__":
    sys.exit(main())
