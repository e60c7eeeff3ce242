"""What a strategy's source could know of a market's past by heart: dates, counts and prices.

A trial sees only the markets that it makes up, so what names another date or price is seen here. A
price is of degree 1 and a number of degree 0; what is compared or added must be of one degree.
"""

import ast
from collections.abc import Iterator, Mapping
from typing import Final

from haetae.research.strategy.finding import Check, Finding

PERIODS: Final = {86_400, 604_800}
LENGTHS: Final = {"ema_fast", "ema_slow", "atr_len", "rsi_len"}
PRICES: Final = {"close", "fast", "slow", "atr", "gain", "loss", "open", "high", "low", "before"}
UNKNOWN: Final = {"value"}  # turnover: a least one is a filter, not a memory
NESTED: Final = {"averages", "rsi", "range"}
DATE: Final = (
    "tells a date; leave dates out of it, write x.t % 86_400 for the time of day or "
    "x.t % 604_800 for that of the week"
)
COUNT: Final = (
    "counts candles since the fold began; write x.n < p.ema_slow, or another of the lengths of p"
)
PRICE: Final = (
    "measures a price by a number, which only one market at one time knows; write it as a share of "
    "another price"
)
WHOLE: Final = "takes a record whole, which hides what is read; read its fields by name"
type Numbers = Mapping[str, float]
type Degrees = dict[str, float | None]


def memory_findings(
    node: ast.FunctionDef, *, numbers: Numbers, functions: frozenset[str]
) -> Iterator[Finding]:
    """Yield what of a function's body remembers; `numbers` are the module's, by name."""
    parts = [part for statement in node.body for part in ast.walk(statement)]
    own = {part.id for part in parts if isinstance(part, ast.Name) and is_store(part)}
    own |= {one.arg for one in node.args.args}
    numbers = {name: one for name, one in numbers.items() if name not in own}
    plain = set(map(id, harmless_reads(parts, numbers, functions)))
    whole = {one.arg for one in node.args.args if not is_plain(one.annotation)}
    for part in parts:
        if id(part) in plain:
            continue
        match part:
            case ast.Attribute(attr="t"):
                yield finding_of(Check.FUTURE, part, DATE)
            case ast.Attribute(attr="n"):
                yield finding_of(Check.START_UP, part, COUNT)
            case ast.Name(id="Params" | "Indicators"):
                yield finding_of(Check.STATE, part, WHOLE)
            case ast.Name(id=name) if name in whole:
                yield finding_of(Check.STATE, part, WHOLE)
            case ast.Attribute(attr=name) if name in NESTED:
                yield finding_of(Check.STATE, part, WHOLE)
            case _:
                pass
    yield from price_findings(parts, numbers)


def is_plain(annotation: ast.expr | None) -> bool:
    """Tell whether an argument is a number, not a record."""
    return isinstance(annotation, ast.Name) and annotation.id in {"int", "float"}


def harmless_reads(
    parts: list[ast.AST], numbers: Numbers, functions: frozenset[str]
) -> Iterator[ast.AST]:
    """Yield the reads that remember nothing, and the records that are not read whole."""
    for part in parts:
        match part:
            case ast.BinOp(left=left, op=ast.Mod(), right=right) if (
                number(right, numbers) in PERIODS
            ):
                yield unshift(left, numbers)
            case ast.Compare(
                left=left, ops=[ast.Lt() | ast.LtE() | ast.Gt() | ast.GtE()], comparators=[right]
            ):
                yield from (a for a, b in ((left, right), (right, left)) if is_length(b))
            case ast.Attribute(value=value):
                yield value
            case ast.Call(func=ast.Name(id=name), args=given) if name in functions:
                yield from (one for one in given if not is_counter(one))
            case _:
                pass


def is_counter(value: ast.AST) -> bool:
    """Tell whether a value is a date or a count."""
    return isinstance(value, ast.Attribute) and value.attr in {"t", "n"}


def is_length(value: ast.AST) -> bool:
    """Tell whether an expression is a length of the settings."""
    return isinstance(value, ast.Attribute) and value.attr in LENGTHS


def unshift(value: ast.expr, numbers: Numbers) -> ast.expr:
    """Return what is shifted by a number, as by a zone's offset; itself where it is not."""
    match value:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right) if (
            number(right, numbers) is not None
        ):
            return left
        case _:
            return value


def number(value: ast.expr, numbers: Numbers) -> float | None:
    """Return the number that is written, or that the module names."""
    match value:
        case ast.Constant(value=int() | float() as written):
            return written
        case ast.Name(id=name):
            return numbers.get(name)
        case _:
            return None


def price_findings(parts: list[ast.AST], numbers: Numbers) -> Iterator[Finding]:
    """Yield where a price meets a number."""
    degrees: Degrees = {name: 0.0 if one else None for name, one in numbers.items()}
    for part in sorted((one for one in parts if isinstance(one, ast.expr | ast.stmt)), key=end_of):
        match part:
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                degrees |= degrees_of(names, values, degrees)
                continue
            case ast.Assign(targets=names, value=value):
                degrees |= degrees_of(names, [value] * len(names), degrees)
                continue
            case ast.Match(subject=subject):
                meeting = [subject, ast.Constant(1)]
            case ast.Compare(left=left, comparators=others):
                meeting = [left, *others]
            case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mod(), left=left, right=right):
                meeting = [left, right]
            case ast.Call(func=ast.Name(id="min" | "max"), args=given):
                meeting = given
            case _:
                continue
        if len({degree(one, degrees) for one in meeting} - {None}) > 1:
            yield finding_of(Check.FUTURE, meeting[0], PRICE)


def is_store(name: ast.Name) -> bool:
    """Tell whether a name is assigned here."""
    return isinstance(name.ctx, ast.Store)


def end_of(part: ast.expr | ast.stmt) -> tuple[int, int, bool]:
    """Return where a part ends, an assignment after the value that it assigns."""
    if isinstance(part, ast.Match):
        part = part.subject
    return part.end_lineno or 0, part.end_col_offset or 0, isinstance(part, ast.stmt)


def degrees_of(names: list[ast.expr], values: list[ast.expr], degrees: Degrees) -> Degrees:
    """Return the degrees that names are given by an assignment."""
    return {
        name.id: degree(value, degrees)
        for name, value in zip(names, values, strict=False)
        if isinstance(name, ast.Name)
    }


def degree(value: ast.expr, degrees: Degrees) -> float | None:
    """Return the power of a price that an expression is of; None where any would do."""
    match value:
        case ast.Constant(value=int() | float() as written):
            return 0.0 if written else None
        case ast.Name(id=name):
            return degrees.get(name)
        case ast.Attribute(attr=name):
            return None if name in UNKNOWN else float(name in PRICES)
        case ast.Subscript():
            return 0.0
        case ast.UnaryOp(operand=one) | ast.IfExp(body=one):
            return degree(one, degrees)
        case ast.BinOp(left=left, op=op, right=right):
            a, b = degree(left, degrees), degree(right, degrees)
            if isinstance(op, ast.Add | ast.Sub | ast.Mod):
                return b if a is None else a
            if a is None or b is None:
                return None
            return a + b if isinstance(op, ast.Mult) else a - b
        case ast.Call(func=ast.Name(id=name), args=[first, *others]):
            known = [one for one in (degree(part, degrees) for part in (first, *others)) if one]
            if name == "sqrt":
                return known[0] / 2.0 if known else None
            return known[0] if known and name in {"min", "max", "float", "floor"} else None
        case _:
            return None


def finding_of(check: Check, part: ast.AST, sentence: str) -> Finding:
    """Make a finding that begins with the source it is about."""
    line = getattr(part, "lineno", 1)
    return Finding(check=check, line=line, sentence=f"{ast.unparse(part)} {sentence}")
