"""What a stranger looks for first is there: licence, typed packages, notes that keep up."""

import hashlib
import tomllib
from pathlib import Path

import pytest

from support.tapes import REPOSITORY

DISTRIBUTIONS = (REPOSITORY, REPOSITORY / "infra/sandbox")
PACKAGES = (REPOSITORY / "layers/core/python/haetae", REPOSITORY / "infra/sandbox/upbit_sandbox")
# sha256 of the text as the Apache Software Foundation publishes it
APACHE_2 = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"
NOTES = ("CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "docs/glossary.md")


@pytest.mark.parametrize("folder", DISTRIBUTIONS, ids=lambda path: path.name)
def test_a_distribution_carries_the_licence_to_the_letter(folder: Path) -> None:
    assert hashlib.sha256((folder / "LICENSE").read_bytes()).hexdigest() == APACHE_2
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    assert (project["license"], project["license-files"]) == ("Apache-2.0", ["LICENSE", "NOTICE"])
    assert "Copyright 2026 the haetae authors" in (folder / "NOTICE").read_text("utf-8")


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_a_package_says_that_it_is_typed(package: Path) -> None:
    assert (package / "py.typed").read_text("utf-8") == ""


@pytest.mark.parametrize("folder", DISTRIBUTIONS, ids=lambda path: path.name)
def test_the_changelog_knows_the_version(folder: Path) -> None:
    version = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert f"## {version} " in (folder / "CHANGELOG.md").read_text("utf-8")


@pytest.mark.parametrize("note", NOTES)
def test_the_readme_leads_to_the_notes(note: str) -> None:
    assert f"({note})" in (REPOSITORY / "README.md").read_text("utf-8")
    assert (REPOSITORY / note).is_file()


def test_hooks_fetch_nothing() -> None:
    hooks = (REPOSITORY / ".pre-commit-config.yaml").read_text("utf-8")
    assert [line.strip() for line in hooks.splitlines() if "repo:" in line] == ["- repo: local"]
