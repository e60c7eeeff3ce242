"""Compile the registered kernel with numba, from the very source that Lambdas interpret.

`@kernel` leaves functions plain. Here each registered function gets a compiled copy whose
globals point at the other compiled copies, so both modes live in one process and neither knows
of the other. The disk cache is a folder named by the hash of every kernel source and the numba
version: numba itself does not see that a callee was edited.
"""

import hashlib
import importlib
import os
import pkgutil
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import haetae.kernel
from haetae.kernel.registry import REGISTERED

HOT = frozenset(
    {
        "advance",
        "take_candle",
        "candle_step",
        "build_bar",
        "may_rise",
        "find_exit",
        "liquidation_value",
        "value_nearest",
        "fee_ceil",
        "per_candle_of",
        "with_per_candle",
    }
)
ENTRIES = frozenset({"advance"})
type Compiled = dict[Callable[..., Any], Callable[..., Any]]


@cache
def compiled_kernel() -> Compiled:
    """Return the compiled copy of every kernel function, keyed by the plain one."""
    modules = kernel_modules()
    return compile_functions(REGISTERED, cache_folder(modules))


def compile_functions(
    functions: Iterable[Callable[..., Any]], folder: Path, entries: frozenset[str] = ENTRIES
) -> Compiled:
    """Return numba copies of `functions` that call each other.

    Only `entries` can be called from Python and are kept in `folder`, with all they call inside.
    """
    import numba
    from numba.core import config

    folder.mkdir(parents=True, exist_ok=True)
    config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]  # read when a dispatcher is made
    copies: Compiled = {}
    namespaces: dict[int, dict[str, Any]] = {}
    for function in functions:
        assert isinstance(function, FunctionType)
        home = function.__globals__
        namespace = namespaces.setdefault(id(home), dict(home))
        copy = FunctionType(function.__code__, namespace, function.__name__)
        copy.__module__ = function.__module__
        copy.__qualname__ = function.__qualname__
        entry = function.__name__ in entries
        copies[function] = numba.njit(  # type: ignore[call-overload] # two true options unlisted
            cache=entry,
            error_model="numpy",
            forceinline=function.__name__ in HOT,
            no_cpython_wrapper=not entry,
            no_cfunc_wrapper=True,
        )(copy)
    for namespace in namespaces.values():
        for name, value in list(namespace.items()):
            if isinstance(value, FunctionType) and value in copies:
                namespace[name] = copies[value]
    return copies


def kernel_modules() -> list[ModuleType]:
    """Import and return every module of the kernel, those of its sub-packages included."""
    found = pkgutil.walk_packages(haetae.kernel.__path__, "haetae.kernel.")
    return [importlib.import_module(name) for name in sorted(info.name for info in found)]


def cache_folder(modules: Iterable[ModuleType]) -> Path:
    """Return the cache folder that belongs to exactly these sources and this numba."""
    import numba

    digest = hashlib.sha256(numba.__version__.encode())
    for module in modules:
        assert module.__file__ is not None
        digest.update(Path(module.__file__).read_bytes())
    root = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    return Path(root) / "haetae" / f"numba-{digest.hexdigest()[:16]}"
