"""One LocalStack for the tests of the plugin, for each worker."""

from collections.abc import Iterator

import pytest

from local.plugin.server import Server, running


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running LocalStack."""
    with running(tmp_path_factory.mktemp("localstack")) as server:
        yield server
