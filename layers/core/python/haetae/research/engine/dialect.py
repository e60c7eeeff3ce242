"""The kernel's dialect as a grammar: what the source says that compiled code would say otherwise.

Only what is listed here may be written in a `@kernel` function; everything else is reported.

Above 250 lines: one grammar, of functions, records and the numbers given to them.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeGuard

BUILTINS = frozenset({"floor", "sqrt", "min", "max", "float", "range", "len"})
CONTAINERS = frozenset({"Tape", "Log"})  # records that carry columns instead of numbers
COLUMNS = frozenset({"Sequence[int]", "Sequence[float]", "Sequence[Candle]"}) | frozenset(
    {"MutableSequence[int]", "MutableSequence[float]"}
)
KNOBS = f"tuple[{', '.join(['float'] * 8)}]"  # numbers by index: a strategy's own
STATEMENTS = (
    ast.Assign,
    ast.Return,
    ast.If,
    ast.While,
    ast.For,
    ast.Break,
    ast.Expr,
    ast.Match,
)
EXPRESSIONS = (
    ast.BinOp,
    ast.UnaryOp,
    ast.BoolOp,
    ast.Compare,
    ast.IfExp,
    ast.Name,
    ast.Constant,
    ast.Tuple,
    ast.ListComp,
    ast.Call,
    ast.Attribute,
    ast.Subscript,
)
OPERATORS = (
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.Div,
    ast.FloorDiv,
    ast.Mod,
    ast.BitOr,
    ast.BitAnd,
    ast.LShift,
    ast.RShift,
    ast.USub,
    ast.And,
    ast.Or,
    ast.Not,
    ast.Lt,
    ast.LtE,
    ast.Gt,
    ast.GtE,
    ast.Eq,
    ast.NotEq,
)
PARTS = (
    ast.expr_context,
    ast.comprehension,
    ast.keyword,
    ast.match_case,
    ast.MatchValue,
    ast.MatchAs,
)
# Every candle calls these, and interpreted a keyword costs them 13 to 23 %.
PER_CANDLE = frozenset(
    {
        "candle_step",
        "raise_stop",
        "watch_crash",
        "crash_below",
        "build_bar",
        "per_candle_of",
        "with_per_candle",
    }
)
type Records = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """What the kernel's functions may call: each other, and the constructors of its records."""

    functions: frozenset[str] = frozenset()
    records: Records = field(default_factory=dict)


def vocabulary(trees: list[ast.Module]) -> Vocabulary:
    """Collect the registered functions and the records of some modules."""
    functions: set[str] = set()
    records: dict[str, dict[str, str]] = {}
    for tree in trees:
        for node in tree.body:
            if is_kernel(node):
                functions.add(node.name)
            if is_record(node):
                records[node.name] = {
                    line.target.id: ast.unparse(line.annotation)
                    for line in node.body
                    if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
                }
    return Vocabulary(functions=frozenset(functions), records=records)


def is_kernel(node: ast.AST) -> TypeGuard[ast.FunctionDef]:
    """Tell whether a definition is a registered kernel function."""
    return isinstance(node, ast.FunctionDef) and any(
        isinstance(mark, ast.Name) and mark.id == "kernel" for mark in node.decorator_list
    )


def is_record(node: ast.AST) -> TypeGuard[ast.ClassDef]:
    """Tell whether a definition is a record: a NamedTuple."""
    return isinstance(node, ast.ClassDef) and [ast.unparse(b) for b in node.bases] == ["NamedTuple"]


def describes(node: ast.ClassDef) -> bool:
    """Tell whether a class is a frozen dataclass, which kernel functions neither build nor read."""
    marks = [ast.unparse(mark) for mark in node.decorator_list]
    return marks == ["dataclass(frozen=True, slots=True, kw_only=True)"] and not node.bases


def violations(tree: ast.Module, words: Vocabulary) -> list[str]:
    """Return what a module says outside the dialect, each with its line."""
    found: list[str] = []
    words = Vocabulary(functions=words.functions & defined_names(tree), records=words.records)
    for node in tree.body:
        if is_record(node):
            found.extend(record_violations(node, words))
        elif isinstance(node, ast.ClassDef) and not describes(node):
            found.append(say(node, f"{node.name} is no NamedTuple, and no frozen dataclass"))
        if is_kernel(node):
            found.extend(function_violations(node, words))
    found.extend(constructor_violations(tree, words))
    return found


def defined_names(tree: ast.Module) -> set[str]:
    """Return the names that a module defines or imports."""
    names: set[str] = set()
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name):
                names.add(name)
            case ast.ImportFrom(names=imported):
                names.update(one.asname or one.name for one in imported)
            case _:
                pass
    return names


def record_violations(node: ast.ClassDef, words: Vocabulary) -> Iterator[str]:
    """Report fields of a NamedTuple that are not numbers or records, defaults and methods."""
    for line in without_docstring(node.body):
        if not isinstance(line, ast.AnnAssign):
            yield say(line, "a record has fields only")
            continue
        if line.value is not None:
            yield say(line, "a field has no default")
        kind = ast.unparse(line.annotation)
        column = node.name in CONTAINERS and kind in COLUMNS
        plain = kind in {"int", "float", KNOBS} or kind in words.records
        if not plain and not column:
            yield say(line, f"a field is an int, a float or a record, not {kind}")


def function_violations(node: ast.FunctionDef, words: Vocabulary) -> Iterator[str]:
    """Report what a registered function says outside the dialect."""
    given = node.args
    if given.defaults or given.kw_defaults or given.kwonlyargs or given.vararg or given.kwarg:
        yield say(node, "arguments are positional and have no default")
    for statement in without_docstring(node.body):
        yield from node_violations(statement, words)
        if node.name not in PER_CANDLE:
            yield from positional_violations(statement, words)


def positional_violations(node: ast.AST, words: Vocabulary) -> Iterator[str]:
    """Report records that are given fields by position: two floats could change places."""
    for call in ast.walk(node):
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Name)
            and call.func.id in words.records
            and call.args
        ):
            yield say(call, f"{call.func.id} is given its fields by name")


def node_violations(  # noqa: C901 - a table of the grammar
    node: ast.AST, words: Vocabulary
) -> Iterator[str]:
    """Report a node and what is in it."""
    if not isinstance(node, STATEMENTS + EXPRESSIONS + OPERATORS + PARTS):
        yield say(node, f"{type(node).__name__} is not in the dialect")
        return
    callee: ast.AST | None = None
    match node:
        case ast.Call(func=ast.Name(id=name), keywords=keywords):
            callee = node.func
            if name not in words.functions | words.records.keys() | BUILTINS:
                yield say(node, f"{name}() is no function of the kernel")
            if keywords and name not in words.records:
                yield say(node, "arguments are given by position")
            if None in {word.arg for word in keywords}:
                yield say(node, "a record is given its fields one by one")
        case ast.Call():
            yield say(node, "only functions called by name")
        case ast.Name(id=name) if name in words.functions | BUILTINS:
            yield say(node, f"the function {name} is passed as a value")
        case ast.Constant(value=value) if type(value) not in (int, float):
            yield say(node, f"the constant {value!r} is no number")
        case ast.Attribute(attr=name) if name.startswith("_"):
            yield say(node, f"{name} is not in the dialect")
        case ast.Attribute(ctx=ast.Store()):
            yield say(node, "records do not change")
        case ast.For() if not loops_plainly(node.iter):
            yield say(node, "a loop runs over range() or a list")
        case ast.comprehension() if not loops_plainly(node.iter) or node.is_async:
            yield say(node, "a comprehension runs over range() or a list")
        case ast.MatchValue(value=ast.Constant(value=value)) if type(value) is not int:
            yield say(node, "match is on ints")
        case ast.MatchAs() if node.pattern is not None or node.name is not None:
            yield say(node, "match binds no names")
        case ast.Expr(value=value) if not isinstance(value, ast.Call):
            yield say(node, "a statement does something")
        case _:
            pass
    for child in ast.iter_child_nodes(node):
        if child is not callee:
            for text in node_violations(child, words):  # an operator has no line of its own
                yield text.replace("line ?:", f"line {getattr(node, 'lineno', '?')}:", 1)


def loops_plainly(over: ast.expr) -> bool:
    """Tell whether a loop runs over `range(...)` or something with a name."""
    return isinstance(over, ast.Name) or (
        isinstance(over, ast.Call) and isinstance(over.func, ast.Name) and over.func.id == "range"
    )


def constructor_violations(tree: ast.AST, words: Vocabulary) -> Iterator[str]:
    """Report literal ints for float fields, and the other way round, anywhere in a module."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        fields = words.records.get(node.func.id)
        if not fields:
            continue
        given = list(zip(node.args, fields.items(), strict=False))
        named = [(word.value, (word.arg or "", fields.get(word.arg or ""))) for word in
                 node.keywords]  # fmt: skip
        if len(given) + len(named) != len(fields):
            yield say(node, f"{node.func.id} is given all its fields")
        for value, (name, declared) in [*given, *named]:
            literal = type_of_literal(value)
            if literal is not None and declared in {"int", "float"} and literal != declared:
                yield say(value, f"{node.func.id}.{name} is {declared}, not {literal}")


def type_of_literal(value: ast.expr) -> str | None:
    """Return "int" or "float" of a written number, signed or not; None for anything else."""
    if isinstance(value, ast.UnaryOp):
        return type_of_literal(value.operand)
    if isinstance(value, ast.Constant) and type(value.value) in (int, float):
        return type(value.value).__name__
    return None


def without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return a body without its docstring."""
    first = body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        return body[1:] if isinstance(first.value.value, str) else body
    return body


def say(node: ast.AST, complaint: str) -> str:
    """Name the line of a complaint."""
    return f"line {getattr(node, 'lineno', '?')}: {complaint}"
