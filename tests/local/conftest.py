"""How the tests of the deployed bot share two cores: a module's servers belong to one worker."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
APART = "test_parity_deployed.py"  # each of its tests has a stack of its own


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep each module's tests, and all of the plugin's, on one worker."""
    for item in items:
        if HERE in item.path.parents and item.path.name != APART:
            below = item.path.relative_to(HERE).parts[0]
            item.add_marker(pytest.mark.xdist_group(below))
