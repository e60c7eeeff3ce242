"""A strategy's knobs: each declared whole, each read by its declared place, and none in vain."""

import ast
import re
from collections.abc import Iterator
from math import isfinite
from typing import Final

from haetae.config.keys import KEYS, KNOB_OWNERS
from haetae.config.strategies import Strategy
from haetae.kernel.strategies.knob import MOST_KNOBS, Knob
from haetae.research.engine.dialect import is_kernel
from haetae.research.strategy.finding import Check, Finding
from haetae.research.strategy.source import constants, is_number

WORD: Final = re.compile(r"[a-z][a-z0-9_]*")
SETTING: Final = re.compile(rf"{WORD.pattern}(\.{WORD.pattern})*")
TEXT: Final = "a text"
NUMBER: Final = "a number"
SWITCH: Final = "True or False"
KINDS: Final = (
    dict.fromkeys(("name", "meaning", "unit", "key"), TEXT)
    | dict.fromkeys(("default", "low", "high"), NUMBER)
    | {"switch": SWITCH}
)
ELSEWHERE: Final = "a knob is read as p.knobs[PLACE] with PLACE: Final = its place in KNOBS"


def knob_findings(strategy: Strategy, tree: ast.Module) -> Iterator[Finding]:
    """Yield what is wrong with a module's knobs, and reads of what none of them is."""
    said = constants(tree)["KNOBS"]
    assert isinstance(said, ast.Tuple)
    lines = [part.lineno for part in said.elts]
    if len(strategy.knobs) > MOST_KNOBS:
        yield contract(said.lineno, f"there is room for {MOST_KNOBS} knobs; leave some out")
    before: set[str] = set()
    for knob, line in zip(strategy.knobs, lines, strict=True):
        sentence = form_of(knob) or clash_of(knob, strategy, before)
        if sentence:
            yield contract(line, sentence)
        before.add(knob.setting)
    for node, place in places_read(tree):
        if place is None:
            yield contract(node.lineno, f"{ast.unparse(node)} tells no knob; {ELSEWHERE}")
        elif not 0 <= place < len(strategy.knobs):
            yield contract(
                node.lineno, f"knob {place} is read and not declared; KNOBS has {len(lines)}"
            )


def unread_findings(strategy: Strategy, tree: ast.Module) -> Iterator[Finding]:
    """Yield the knobs that no function reads: settings that would change nothing."""
    said = constants(tree)["KNOBS"]
    assert isinstance(said, ast.Tuple)
    read = {place for _node, place in places_read(tree)}
    for place, (knob, part) in enumerate(zip(strategy.knobs, said.elts, strict=True)):
        if place not in read:
            yield contract(
                part.lineno, f"knob {place}, {knob.name}, is never read; read it or leave it out"
            )


def kind_findings(said: ast.expr) -> Iterator[Finding]:
    """Yield what of KNOBS is no knob, or no text, number or switch where it has to be one."""
    parts = said.elts if isinstance(said, ast.Tuple) else [said]
    for part in parts:
        if not isinstance(part, ast.Call) or ast.unparse(part.func) != "Knob":
            yield contract(said.lineno, "KNOBS has another form; see docs/strategies.md")
            continue
        for word in part.keywords:
            kind = KINDS.get(word.arg or "", "")
            if kind and kind_of(word.value) != kind:
                yield contract(part.lineno, f"a Knob's {word.arg} is not {kind}; mend it")
    if not isinstance(said, ast.Tuple):
        yield contract(said.lineno, "KNOBS has another form; see docs/strategies.md")


def kind_of(value: ast.expr) -> str:
    """Return what kind of constant an expression is."""
    match value:
        case ast.Constant(value=bool()):
            return SWITCH
        case ast.Constant(value=str()):
            return TEXT
        case _:
            return NUMBER if is_number(value) else ""


def form_of(knob: Knob) -> str:
    """Return what is wrong with a knob by itself."""
    numbers = (knob.default, knob.low, knob.high)
    for text, form in ((knob.name, WORD), (knob.key or knob.name, SETTING)):
        if not form.fullmatch(text):
            return (
                f"{text!r} is no name of a setting; write lower-case letters a to z, digits and _"
            )
    if not knob.meaning or not knob.meaning.isprintable():
        return f"{knob.name} has no meaning; say in one line what it is for"
    if not all(map(isfinite, numbers)):
        return f"{knob.name}'s default, low and high are not all finite; mend them"
    if not knob.low <= knob.default <= knob.high:
        return f"{knob.name}'s default is out of its range; mend it"
    if knob.switch and (knob.low, knob.high) != (0, 1):
        return f"{knob.name} is a switch with another range; write low=0.0, high=1.0"
    if knob.switch and knob.default not in {0, 1}:
        return f"{knob.name} is a switch with another default; write 0.0 or 1.0"
    return ""


def clash_of(knob: Knob, strategy: Strategy, before: set[str]) -> str:
    """Return who has a knob's setting already."""
    owner = KNOB_OWNERS.get(knob.setting)
    if knob.setting in KEYS and (owner is None or owner.name != strategy.name):
        return f"{knob.setting} is a setting already; rename the knob"
    if knob.setting in before:
        return f"{knob.setting} is declared twice; rename one of them"
    return ""


def places_read(tree: ast.Module) -> Iterator[tuple[ast.expr, int | None]]:
    """Yield where functions read knobs, with the place; None where the source does not tell it."""
    numbers = {name: getattr(value, "value", None) for name, value in constants(tree).items()}
    for function in filter(is_kernel, tree.body):
        nodes = list(ast.walk(function))
        stored = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        indexed = {id(n.value) for n in nodes if isinstance(n, ast.Subscript)}
        for node in nodes:
            match node:
                case ast.Subscript(value=ast.Attribute(attr="knobs"), slice=ast.Constant(value=at)):
                    yield node, whole(at)
                case ast.Subscript(value=ast.Attribute(attr="knobs"), slice=ast.Name(id=name)):
                    yield node, None if name in stored else whole(numbers.get(name))
                case ast.Subscript(value=ast.Attribute(attr="knobs")):
                    yield node, None
                case ast.Attribute(attr="knobs") if id(node) not in indexed:
                    yield node, None
                case _:
                    pass


def whole(value: object) -> int | None:
    """Return a whole number; nothing of anything else."""
    return value if type(value) is int else None


def contract(line: int, sentence: str) -> Finding:
    """Return a breach of the contract."""
    return Finding(check=Check.CONTRACT, line=line, sentence=sentence)
