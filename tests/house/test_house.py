"""The house is in order: thin doors, every room placed, every public name explained."""

import ast
import io
import re
import subprocess
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.tapes import REPOSITORY

HAETAE = REPOSITORY / "layers/core/python/haetae"
FUNCTIONS = REPOSITORY / "functions"
HANDLER_LINES = 30
SKIPPED = frozenset({".git", ".venv", ".uv", "out", "__pycache__", ".hypothesis", ".aws-sam"})
# A checkout works in any folder, so no file names one of somebody's machine; and packages come from
# the index that the reader's pip is set to, so no file names a place to download them from.
PERSONAL_FOLDERS = ("root", "home", "Users")
DOWNLOAD_HOSTS = (
    r"files\.pythonhosted\.org",
    r"pypi\.org",
    r"pypi\.python\.org",
    r"registry\.npmjs\.org",
    r"registry\.yarnpkg\.com",
    r"proxy\.golang\.org",
    r"crates\.io",
    r"conda\.anaconda\.org",
)
MACHINE_PATH = re.compile(rf"(?<![\w.:/~$}}-])/(?:{'|'.join(PERSONAL_FOLDERS)})/\w")
DOWNLOAD = re.compile("|".join((r"--(?:extra-)?index-url", *DOWNLOAD_HOSTS)))


def tracked() -> list[Path]:
    """Return the files that are in the repository or about to be."""
    asked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode != 0:
        return sorted(
            path
            for path in REPOSITORY.rglob("*")
            if path.is_file() and not SKIPPED & set(path.relative_to(REPOSITORY).parts)
        )
    names = sorted(set(asked.stdout.split("\0")) - {""})
    return [REPOSITORY / name for name in names if (REPOSITORY / name).is_file()]


def unfit(text: str) -> list[str]:
    """Return the lines that name this machine's folders or a place to download packages from."""
    return [
        line.strip()
        for line in text.splitlines()
        if MACHINE_PATH.search(line) or DOWNLOAD.search(line)
    ]


def sources(*folders: str) -> list[Path]:
    """Return the modules below some folders."""
    return sorted(
        path
        for folder in folders
        for path in (REPOSITORY / folder).rglob("*.py")
        if not SKIPPED & set(path.relative_to(REPOSITORY).parts)
    )


def name_of(path: Path) -> str:
    """Name a test by its file."""
    return str(path.relative_to(REPOSITORY))


def code_lines(source: str) -> int:
    """Count the lines that hold code: no blank lines, comments or docstrings."""
    silent = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in silent | {tokenize.ENDMARKER}:
            lines |= set(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(
            node
        ):
            text = node.body[0]
            lines -= set(range(text.lineno, (text.end_lineno or text.lineno) + 1))
    return len(lines)


def undocumented(source: str) -> list[str]:
    """Return the public functions and methods of a module that have no docstring."""
    return [node.name for node in public_functions(ast.parse(source).body)
            if not ast.get_docstring(node)]  # fmt: skip


def public_functions(body: list[ast.stmt]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Walk the functions of a module and of its public classes that a reader may call."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if not node.name.startswith("_"):
                yield node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public_functions(node.body)


def rooms(house: Path) -> set[str]:
    """Return the rooms of a house: its folders with modules, and its modules."""
    folders = {path.name for path in house.iterdir() if path.is_dir() and any(path.glob("*.py"))}
    return folders | {path.stem for path in house.glob("*.py") if path.stem != "__init__"}


def placed(pyproject: str) -> set[str]:
    """Return the rooms that the import contract lists."""
    contracts = tomllib.loads(pyproject)["tool"]["importlinter"]["contracts"]
    listed = [name for contract in contracts for name in contract.get("layers", [])]
    names = {name.strip(" ()") for line in listed for name in re.split(r"[|:]", line)}
    return {name.removeprefix("haetae.") for name in names}


HANDLERS = sorted(FUNCTIONS.glob("*/handler.py"))


@pytest.mark.parametrize("path", HANDLERS, ids=name_of)
def test_a_door_is_thin(path: Path) -> None:
    assert code_lines(path.read_text(encoding="utf-8")) <= HANDLER_LINES


def test_there_are_doors_unless_none_is_built() -> None:
    others = {path.parent.name for path in FUNCTIONS.rglob("*.py")} - {"api", "chalicelib"}
    assert HANDLERS or not others


def test_long_doors_are_counted() -> None:
    long = '"""A door."""\n\n# reason\n' + "".join(f"x{i} = {i}\n" for i in range(31))
    assert code_lines(long) == HANDLER_LINES + 1
    assert code_lines('"""A door."""\n\n\ndef f():\n    """Do."""\n    return """a\nb"""\n') == 3


def readable(path: Path) -> str:
    """Return a file's text; nothing where it is not text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def test_files_name_no_machine_and_no_download_place() -> None:
    told = {name_of(path): unfit(readable(path)) for path in tracked()}
    assert told
    assert {name: lines for name, lines in told.items() if lines} == {}


@pytest.mark.parametrize("folder", PERSONAL_FOLDERS)
def test_a_machine_path_is_reported(folder: str) -> None:
    assert unfit(f"see /{folder}/someone/haetae") != []


@pytest.mark.parametrize("host", DOWNLOAD_HOSTS)
def test_a_download_host_is_reported(host: str) -> None:
    assert unfit("url = 'https://" + host.replace("\\", "") + "/x'") != []


@pytest.mark.parametrize("kind", ["", "extra-"])
def test_an_index_option_is_reported(kind: str) -> None:
    assert unfit(f"pip install --{kind}index-url somewhere") != []


def test_addresses_and_relative_paths_are_not_reported() -> None:
    assert unfit("https://upbit.com/home/ and ~/home/x and tests/home/x") == []


def test_every_module_begins_with_a_docstring() -> None:
    modules = sources("layers", "functions", "infra", "tests")
    silent = [name_of(p) for p in modules if not ast.get_docstring(ast.parse(readable(p)))]
    assert modules
    assert silent == []


def test_every_public_function_is_explained() -> None:
    missing = {name_of(path): undocumented(readable(path)) for path in sources("layers")}
    assert {name: names for name, names in missing.items() if names} == {}


def test_missing_docstrings_are_reported() -> None:
    source = "def f(): ...\ndef _g(): ...\nclass C:\n    def m(self): ...\n    def _n(self): ...\n"
    assert undocumented(source) == ["f", "m"]
    assert undocumented('def f():\n    """Do."""\n') == []


def test_every_room_has_its_place_in_the_import_contract() -> None:
    pyproject = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    assert rooms(HAETAE) - placed(pyproject) == set()


def test_an_unplaced_room_is_reported(tmp_path: Path) -> None:
    (tmp_path / "attic").mkdir()
    (tmp_path / "attic" / "__init__.py").touch()
    (tmp_path / "cli.py").touch()
    contract = '[[tool.importlinter.contracts]]\nlayers = ["haetae.cli | haetae.door"]\n'
    assert rooms(tmp_path) - placed(contract) == {"attic"}
