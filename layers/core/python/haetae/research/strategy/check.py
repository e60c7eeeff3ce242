"""The check of a strategy's file: its source first, and only if that may run, the trial."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Final

from haetae.base.errors import ConfigError
from haetae.base.files import reason_of
from haetae.config.strategies import STRATEGIES, Strategy, strategy_of
from haetae.kernel.registry import REGISTERED
from haetae.research.engine.dialect import is_kernel
from haetae.research.strategy.finding import Check, Finding
from haetae.research.strategy.knobs import (
    WORD,
    contract,
    kind_findings,
    knob_findings,
    unread_findings,
)
from haetae.research.strategy.source import SIGNATURE, constants, measures, read_source
from haetae.research.strategy.trial import Refused, try_signal

TEXT: Final = r"\(\)|\('.*'\,?\)"
WHOLE: Final = r"\d+"
NEEDED: Final = ("CODE", "NAME", "READS", "KNOBS")


def check_strategy(path: Path) -> list[Finding]:
    """Return what refuses a strategy's file; none where it may be used.

    Raises:
        ConfigError: the file cannot be read.
    """
    try:
        source = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(
            f"strategy file {str(path)!r} cannot be read: it {reason_of(exc)}"
        ) from exc
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        return [
            Finding(check=Check.CONTRACT, line=line, sentence="it is not Python; mend the line")
        ]
    findings = distinct([*read_source(tree), *contract_findings(tree, path.stem)])
    if findings:
        return findings
    try:
        module, functions = load(source, path)
    except TypeError as error:
        line = constants(tree)["KNOBS"].lineno
        return [contract(line, f"a Knob cannot be made: {error}; see docs/strategies.md")]
    strategy = strategy_of(module)
    findings = [*declared_findings(strategy, tree), *knob_findings(strategy, tree)]
    if findings:
        return findings
    findings = list(unread_findings(strategy, tree))
    signal = getattr(module, strategy.name)
    try:
        try_signal(signal, functions, knobs_to_try(strategy))
    except Refused as refused:
        line = signal_of(tree, strategy.name)
        findings.append(Finding(check=refused.check, line=line, sentence=refused.sentence))
    return findings


def distinct(findings: list[Finding]) -> list[Finding]:
    """Return findings by line; of the dialect only where nothing says more of the line."""
    named = {one.line for one in findings if one.check is not Check.DIALECT}
    kept = {
        (one.line, one.check.value): one
        for one in reversed(findings)
        if one.check is not Check.DIALECT or one.line not in named
    }
    return [kept[key] for key in sorted(kept)]


def contract_findings(tree: ast.Module, stem: str) -> Iterator[Finding]:
    """Yield what a strategy's module has to have and has not."""
    if not ast.get_docstring(tree):
        yield contract(1, "it has no docstring; say what it does and where the rule is from")
    if not WORD.fullmatch(stem):
        yield contract(1, f"{stem!r} is no name; write lower-case letters a to z, digits and _")
    yield from signal_findings(tree, stem)
    said = constants(tree)
    yield from kind_findings(said.get("KNOBS", ast.Tuple([])))
    for name in NEEDED:
        if name not in said:
            yield contract(1, f"{name} is missing; write {name}: Final = …")
    title = getattr(said.get("NAME"), "value", None)
    if "NAME" in said and title != stem:
        yield contract(said["NAME"].lineno, f"NAME is {title!r}; name it like its file, {stem!r}")
    shapes = {"READS": TEXT, "SIZE_SHARE_BPS": WHOLE}
    for shape, pattern in shapes.items():
        if shape in said and not re.fullmatch(pattern, ast.unparse(said[shape]), re.DOTALL):
            yield contract(said[shape].lineno, f"{shape} has another form; see docs/strategies.md")
    code = getattr(said.get("CODE"), "value", None)
    if "CODE" in said and (type(code) is not int or code < 1):
        yield contract(said["CODE"].lineno, f"CODE is {code!r}; write a whole number from 1")


def signal_findings(tree: ast.Module, stem: str) -> Iterator[Finding]:
    """Yield what is wrong with the signal's name and signature."""
    signals = [node for node in tree.body if is_kernel(node) and node.name == stem]
    if not signals:
        yield contract(1, f"there is no signal; write @kernel def {stem}(p: Params, x: Indicators)")
    for node in signals:
        given = [(a.arg, ast.unparse(a.annotation) if a.annotation else "") for a in node.args.args]
        if given != SIGNATURE or ast.unparse(node.returns or ast.Constant(None)) != "int":
            yield contract(
                node.lineno, f"{stem} is not (p: Params, x: Indicators) -> int; give it these two"
            )


def declared_findings(strategy: Strategy, tree: ast.Module) -> Iterator[Finding]:
    """Yield what is wrong with what a module says of itself."""
    lines = {name: value.lineno for name, value in constants(tree).items()}
    for other in STRATEGIES.values():
        if other.code == strategy.code and other.name != strategy.name:
            yield contract(
                lines["CODE"], f"CODE {strategy.code} is {other.name}'s; take another number"
            )
    if sorted(strategy.reads) != sorted(measures(tree)):
        wanted = ", ".join(sorted(measures(tree))) or "none"
        yield contract(lines["READS"], f"READS is not what the signal reads; write {wanted}")
    if not 0 < strategy.size_share_bps <= 10_000:
        yield contract(lines["SIZE_SHARE_BPS"], "SIZE_SHARE_BPS is not 1 to 10000; write a share")


def load(source: str, path: Path) -> tuple[ModuleType, list[Any]]:
    """Return the module of a source that was read before, and its functions; nothing stays."""
    module = ModuleType(f"strategy_under_check.{path.stem}")
    before = len(REGISTERED)
    exec(compile(source, str(path), "exec"), vars(module))  # noqa: S102 - read before, and ours
    functions = REGISTERED[before:]
    del REGISTERED[before:]
    assert all(isinstance(function, FunctionType) for function in functions)
    return module, functions


def knobs_to_try(strategy: Strategy) -> list[Any]:
    """Return the knobs' defaults, and all of them at either end."""
    lows = {knob.setting: knob.low for knob in strategy.knobs}
    highs = {knob.setting: knob.high for knob in strategy.knobs}
    usual = strategy.defaults()
    return [usual, strategy.replace_knobs(usual, lows), strategy.replace_knobs(usual, highs)]


def signal_of(tree: ast.Module, name: str) -> int:
    """Return the line where the signal begins."""
    return next(node.lineno for node in tree.body if is_kernel(node) and node.name == name)
