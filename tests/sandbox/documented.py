"""Which documented facts of Upbit the sandbox keeps: the table of docs/sandbox.md.

A test that holds a fact is named test_upbit_<section>_<words>, and its docstring's first line is
the fact. `make docs` writes the table from these names; a test holds the page against them.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox.recorded import REPOSITORY

PAGE = REPOSITORY / "docs/sandbox.md"
TESTS = REPOSITORY / "tests/sandbox"
BEGINS = "<!-- what follows is written by `make docs` -->\n"
PREFIX = "test_upbit_"
SECTIONS = {
    "1": "Tick sizes",
    "2": "Order limits, fees, arithmetic",
    "3_1": "Accounts and order chance",
    "3_2": "Placing orders",
    "3_3": "Identifiers",
    "3_4": "Reading orders",
    "3_5": "Cancelling",
    "3_6": "Wallet status, keys, withdrawals",
    "3_7": "Quotation",
    "4": "Authentication",
    "5": "Errors",
    "6": "Rate limits",
    "7": "Candles",
    "8": "WebSocket",
    "9": "What pyupbit sends and expects",
    "10": "Permissions",
    "11": "Traps",
    "12": "What an emulator must do",
}
# section, fact, why no test holds it
NOT_KEPT: tuple[tuple[str, str, str], ...] = (
    ("1", "Before 2025-07-31 other tick tables were in force", "one table, today's, for all time"),
    ("1", "BTC and USDT markets have ticks of their own", "won markets only"),
    ("2", "Promotions change a market's fee", "0.05 % always, as orders/chance says"),
    ("3_2", "Reserved orders wait in state watch for their price", "the API cannot place them"),
    ("3_6", "A wallet's deposits, withdrawals and chain move", "no chain stands behind the coins"),
    ("3_7", "orderbook/supported_levels still answers", "deprecated; instruments tell the levels"),
    ("5", "BTC and USDT markets ask for thirdparty_agreement_required", "won markets only"),
    ("7", "A closed candle's timestamp may lie 50 ms past its end", "trades end with the candle"),
    ("8", "The announcement stream tells what Upbit announces", "it is accepted and stays silent"),
    ("10", "Pockets have routes of their own for keys and transfers", "accounts stand for pockets"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One fact and the test that holds it."""

    section: str
    fact: str
    test: str


def held() -> list[Held]:
    """Return every fact that a test of the sandbox names, by file and line."""
    return [fact for path in sorted(TESTS.glob("test_*.py")) for fact in _held_in(path)]


def section_of(name: str) -> str | None:
    """Return the section that a test's name begins with, the longest that fits."""
    words = name.removeprefix(PREFIX)
    fitting = [section for section in SECTIONS if words.startswith(f"{section}_")]
    return max(fitting, key=len, default=None)


def table() -> str:
    """Return the generated part of the page."""
    facts = held()
    lines: list[str] = []
    for section, title in SECTIONS.items():
        kept = [fact for fact in facts if fact.section == section]
        missing = [(fact, why) for at, fact, why in NOT_KEPT if at == section]
        if not kept and not missing:
            continue
        lines += [f"## §{section.replace('_', '.')} {title}", "", "| fact | held by |", "|---|---|"]
        lines += [f"| {fact.fact} | `{fact.test}` |" for fact in kept]
        lines += [f"| {fact} | not kept: {why} |" for fact, why in missing]
        lines.append("")
    count = f"{len(facts)} facts are held by tests, {len(NOT_KEPT)} are known not to be."
    return "\n".join([count, "", *lines])


def page(text: str) -> str:
    """Return the page with its generated part renewed."""
    head, found, _old = text.partition(BEGINS)
    assert found, f"{PAGE.name} has lost its mark"
    return head + BEGINS + "\n" + table()


def _held_in(path: Path) -> Iterator[Held]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith(PREFIX):
            section = section_of(node.name)
            assert section is not None, f"{path.name}: {node.name} names no section"
            fact = (ast.get_docstring(node) or "").partition("\n")[0].rstrip(".")
            assert fact, f"{path.name}: {node.name} does not say its fact"
            yield Held(section=section, fact=fact, test=f"{path.name}::{node.name}")


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
