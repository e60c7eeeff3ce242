"""What can be seen in a strategy's source, before anything of it runs.

A module has its docstring, imports from the kernel, `NAME: Final = …` and `@kernel` functions, and
nothing that could remember: so a signal knows its two records and the module's numbers alone.
"""

import ast
import inspect
from collections.abc import Iterator
from typing import Final

from haetae.kernel import records
from haetae.research.engine.dialect import Vocabulary, is_kernel, violations, vocabulary
from haetae.research.strategy.finding import Check, Finding
from haetae.research.strategy.memory import memory_findings

RECORDS: Final = vocabulary([ast.parse(inspect.getsource(records))]).records
SIGNATURE: Final = [("p", "Params"), ("x", "Indicators")]
FROM: Final = {
    "typing": {"Final"},
    "math": {"floor", "sqrt"},
    "haetae.kernel.codes": {"FLAT", "HOLD", "LONG"},
    "haetae.kernel.records": {"Params", "Indicators"},
    "haetae.kernel.registry": {"kernel"},
    "haetae.kernel.strategies.knob": {"Knob"},
}
CLOCKS: Final = {"time", "datetime", "calendar", "zoneinfo"}
DICE: Final = {"random", "secrets", "uuid"}
CALCULATORS: Final = {
    "math",
    "cmath",
    "numpy",
    "np",
    "pandas",
    "decimal",
    "fractions",
    "statistics",
}
INEXACT: Final = {"exp", "log", "log2", "log10", "pow", "round", "sin", "cos", "tan", "sum", "fsum"}
FORMING: Final = {"Bar", "Market", "Crash"}  # records that know the candle being built
FUTURE: Final = {"Candle", "Tape"}
READABLE: Final = {"Params", "Indicators", "Averages", "Rsi", "Range"}
FIELDS: Final = {field for name in READABLE for field in RECORDS[name]}


def read_source(tree: ast.Module) -> Iterator[Finding]:
    """Yield what a module's source says that a strategy may not, in no particular order."""
    functions = frozenset(node.name for node in tree.body if is_kernel(node))
    for node in tree.body:
        yield from statement_findings(node)
    numbers = {k: ast.literal_eval(v) for k, v in constants(tree).items() if is_number(v)}
    imported = {name for names in FROM.values() for name in names}
    for node in tree.body:
        if is_kernel(node):
            yield from argument_findings(node)
            yield from body_findings(node, known=imported | functions | set(numbers))
            yield from memory_findings(node, numbers=numbers, functions=functions)
    words = Vocabulary(functions=functions, records=RECORDS)
    for text in violations(tree, words):
        where, _, complaint = text.partition(": ")
        yield Finding(
            check=Check.DIALECT,
            line=int(where.removeprefix("line ")),
            sentence=f"{complaint}; write it with what docs/architecture.md lists",
        )


def statement_findings(node: ast.stmt) -> Iterator[Finding]:
    """Yield what a statement of the module is that it may not be."""
    match node:
        case ast.Import(names=names):
            for one in names:
                yield of_import(node, one.name)
        case ast.ImportFrom(module=str(module), names=names):
            for one in names:
                if one.name not in FROM.get(module, set()) or one.asname:
                    yield of_import(node, f"{module}.{one.name}")
        case ast.AnnAssign(annotation=ast.Name(id="Final"), value=ast.expr() as value):
            if not is_constant(value):
                yield flag(
                    Check.STATE, node, "the module remembers it; keep numbers, texts and knobs"
                )
        case ast.FunctionDef() if is_kernel(node):
            pass
        case ast.Expr(value=ast.Constant(value=str())):
            pass
        case ast.FunctionDef(name=name):
            yield flag(Check.CONTRACT, node, f"{name} is no kernel function; write @kernel above")
        case _:
            yield flag(
                Check.STATE,
                node,
                "a module keeps nothing; write NAME: Final = a number, or move it",
            )


def of_import(node: ast.stmt, name: str) -> Finding:
    """Return the refusal of an import."""
    first = name.split(".", maxsplit=1)[0]
    check = Check.STATE
    if first in CLOCKS:
        check = Check.CLOCK
    elif first in DICE:
        check = Check.RANDOMNESS
    elif first in CALCULATORS:
        check = Check.ARITHMETIC
    elif name.rpartition(".")[2] in FUTURE:
        check = Check.FUTURE
    elif name.rpartition(".")[2] in FORMING:
        check = Check.FORMING
    return flag(check, node, f"{name} is not for strategies; decide by p and x alone")


def argument_findings(node: ast.FunctionDef) -> Iterator[Finding]:
    """Yield what a function is given that it may not be."""
    for default in [*node.args.defaults, *node.args.kw_defaults]:
        if default is not None:
            yield flag(Check.STATE, default, "a default outlives the call; give every argument")
    for argument in [*node.args.args, *node.args.kwonlyargs]:
        kind = ast.unparse(argument.annotation) if argument.annotation else "nothing"
        check = Check.FUTURE if kind in FUTURE or "[" in kind else None
        check = Check.FORMING if kind in FORMING else check
        if check:
            yield flag(check, argument, f"{kind} is more than has closed; decide by p and x alone")


def body_findings(node: ast.FunctionDef, *, known: set[str] | frozenset[str]) -> Iterator[Finding]:
    """Yield what a function's body says of the world outside its arguments."""
    local = {argument.arg for argument in node.args.args}
    local |= {
        part.id
        for part in ast.walk(node)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    }
    allowed = known | local | {"floor", "sqrt", "min", "max", "float", "range", "len", "int"}
    for part in (part for statement in node.body for part in ast.walk(statement)):
        match part:
            case ast.BinOp(op=ast.Pow() | ast.MatMult()):
                yield flag(Check.ARITHMETIC, part, "** rounds otherwise when compiled; multiply")
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in INEXACT:
                yield flag(
                    Check.ARITHMETIC, part, f"{name} rounds otherwise when compiled; leave it out"
                )
            case ast.Global() | ast.Nonlocal() | ast.Lambda() | ast.FunctionDef():
                yield flag(Check.STATE, part, "a signal remembers nothing; decide by p and x alone")
            case ast.Attribute(ctx=ast.Store()) | ast.Subscript(ctx=ast.Store()):
                yield flag(Check.STATE, part, "a signal changes nothing; decide by p and x alone")
            case ast.Attribute(attr="bar" | "crash" as name):
                yield flag(Check.FORMING, part, f"{name} is still being built; read a closed one")
            case ast.Attribute(attr=name) if name not in FIELDS:
                yield flag(Check.CONTRACT, part, f"{name} is no field; read Params or Indicators")
            case ast.Name(id=name) if name in CALCULATORS:
                yield flag(
                    Check.ARITHMETIC, part, f"{name} rounds otherwise when compiled; leave it out"
                )
            case ast.Name(id=name) if name not in allowed:
                yield flag(
                    Check.STATE, part, f"{name} is not of this call; decide by p and x alone"
                )
            case _:
                pass


def constants(tree: ast.Module) -> dict[str, ast.expr]:
    """Return the names of a module with what is assigned to them."""
    return {
        node.target.id: node.value
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value
    }


def is_number(value: ast.expr) -> bool:
    """Tell whether an expression is a written number, signed or not."""
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
        return is_number(value.operand)
    return isinstance(value, ast.Constant) and type(value.value) in (int, float)


def is_constant(value: ast.expr) -> bool:
    """Tell whether an expression is a number, a text, a Knob, or a tuple of them."""
    match value:
        case ast.Tuple(elts=parts):
            return all(is_constant(part) for part in parts)
        case ast.Call(func=ast.Name(id="Knob"), args=[], keywords=words):
            return all(is_constant(word.value) for word in words)
        case _:
            return is_number(value) or isinstance(value, ast.Constant)


def measures(tree: ast.Module) -> set[str]:
    """Return which nested records of the indicators a module's functions read."""
    nested = {name for name, kind in RECORDS["Indicators"].items() if kind in RECORDS}
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} & nested


def flag(check: Check, node: ast.AST, sentence: str) -> Finding:
    """Make a finding of a node."""
    return Finding(check=check, line=getattr(node, "lineno", 1), sentence=sentence)
