"""Which actions of AWS a door's code calls, read from its source.

A door's modules import use cases of `app`; they call one another by name and the ports by
`books.…`, `exchange.…` and so on; the adapters call boto3, and a plug reads the exchange's keys.
Names are followed, not run: a call behind an `if` counts.
"""

import ast
from functools import cache
from pathlib import Path

from support.tapes import REPOSITORY

HAETAE = REPOSITORY / "layers/core/python/haetae"
APP = HAETAE / "app"
PORTS = frozenset({"books", "messages", "exchange", "clock"})
# A transaction has no action of its own: each of its operations needs the single one.
OPERATIONS = ("Put", "Update", "Delete", "ConditionCheck")

type Functions = dict[str, ast.FunctionDef]


@cache
def parsed(path: Path) -> ast.Module:
    """Return a module's syntax tree."""
    return ast.parse(path.read_text("utf-8"))


def functions(body: list[ast.stmt]) -> Functions:
    """Return the functions of a module or class by name."""
    return {node.name: node for node in body if isinstance(node, ast.FunctionDef)}


def use_cases(module: ast.Module) -> dict[str, tuple[str, str]]:
    """Return what a module imports from `app`: local name → (module, name)."""
    return {
        alias.asname or alias.name: (node.module.removeprefix("haetae.app."), alias.name)
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("haetae.app.")
        for alias in node.names
        if node.module is not None
    }


def module_file(module: str) -> Path:
    """Return the file of a module of `app`, a dotted name below it."""
    path = APP.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def port_calls(door: Path) -> set[tuple[str, str]]:
    """Return every (port, method) that the use cases of a door, a folder, can reach."""
    sources = sorted(door.rglob("*.py"))
    assert sources, door
    waiting = [found for path in sources for found in use_cases(parsed(path)).values()]
    seen: set[tuple[str, str]] = set()
    found = {pair for path in sources for pair in attribute_pairs(parsed(path))}
    while waiting:
        module, name = waiting.pop()
        tree = parsed(module_file(module))
        function = functions(tree.body).get(name)
        if function is None or (module, name) in seen:
            continue
        seen.add((module, name))
        nearby = {other: (module, other) for other in functions(tree.body)} | use_cases(tree)
        waiting += [
            nearby[node.id]
            for node in ast.walk(function)
            if isinstance(node, ast.Name) and node.id in nearby
        ]
        found |= attribute_pairs(function)
    return {(port, method) for port, method in found if port in PORTS}


def attribute_pairs(tree: ast.AST) -> set[tuple[str, str]]:
    """Return (owner, name) of everything that is written `….owner.name` in a tree."""
    return {
        (node.value.attr, node.attr)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute)
    }


def secret_calls(calls: set[tuple[str, str]]) -> set[str]:
    """Return the methods of the secrets that the plugs of these ports call."""
    (plugs,) = [
        node
        for node in parsed(HAETAE / "wiring/adapters.py").body
        if isinstance(node, ast.ClassDef) and node.name == "TradingAdapters"
    ]
    made = functions(plugs.body)
    return {
        method
        for port, _method in calls
        if port in made
        for owner, method in attribute_pairs(made[port])
        if owner == "secrets"
    }


def client_calls(path: Path, class_name: str, methods: set[str]) -> set[str]:
    """Return the boto3 calls, and the operations of transactions, behind an adapter's methods.

    Where a method calls the table beside the adapter, it is followed into its file.
    """
    tree = parsed(path)
    (adapter,) = [n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == class_name]
    known = functions(adapter.body) | functions(tree.body)
    beside = path.with_name("table.py")
    if beside.exists():
        (table,) = [n for n in parsed(beside).body if isinstance(n, ast.ClassDef)]
        known = functions(table.body) | known
    waiting, seen, found = list(methods), set[str](), set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for node in ast.walk(known[name]):
            if isinstance(node, ast.Constant) and node.value in OPERATIONS:
                found.add(str(node.value))
            if isinstance(node, ast.Name) and node.id in known:
                waiting.append(node.id)
            if isinstance(node, ast.Attribute):
                owner = node.value
                if isinstance(owner, ast.Attribute) and owner.attr in {"_client", "client"}:
                    found.add(node.attr)
                of_table = isinstance(owner, ast.Attribute) and owner.attr == "_table"
                own = isinstance(owner, ast.Name) and owner.id == "self"
                if of_table or (own and node.attr in known):
                    waiting.append(node.attr)
    return found


def actions(door: Path) -> set[str]:
    """Return the IAM actions that the code of a door, a folder, needs of table, topic and store."""
    calls = port_calls(door)
    books = {method for port, method in calls if port == "books"}
    published = {method for port, method in calls if port == "messages"}
    stored = client_calls(HAETAE / "adapters/dynamodb/books.py", "DynamoDbBooks", books)
    sent = client_calls(HAETAE / "adapters/sns_messages.py", "SnsMessages", published)
    asked = client_calls(HAETAE / "adapters/secrets.py", "ParameterSecrets", secret_calls(calls))
    called = {"dynamodb": stored - {"transact_write_items"}, "sns": sent, "ssm": asked}
    return {action(service, name) for service, names in called.items() for name in names}


def action(service: str, call: str) -> str:
    """Return the IAM action of a boto3 call or of a transaction's operation."""
    if call in OPERATIONS:
        return f"{service}:{call}Item"
    return f"{service}:{''.join(word.capitalize() for word in call.split('_'))}"
