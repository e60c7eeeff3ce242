"""Register kernel functions without changing them, so that research can compile the same source."""

from collections.abc import Callable
from typing import Any

REGISTERED: list[Callable[..., Any]] = []


def kernel[F: Callable[..., Any]](function: F) -> F:
    """Add `function` to the registered kernel and return it untouched.

    A registered function is written in the kernel's dialect (docs/architecture.md): plain
    arithmetic on numbers and NamedTuples, calls to other registered functions, nothing that
    rounds or reads differently when it is compiled.
    """
    REGISTERED.append(function)
    return function
