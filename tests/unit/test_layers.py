"""The layers, built as `sam build` builds them: what they hold, and that it can be imported."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.tapes import REPOSITORY

FUNCTIONS = REPOSITORY / "functions"
HAETAE = REPOSITORY / "layers/core/python/haetae"
MODULES = (
    "aws_lambda_powertools.metrics",
    "boto3",
    "chalice.app",
    "jwt",
    "numpy",
    "openai",
    "pandas",
    "pyupbit",
    "requests",
    "urllib3",
    "yaml",
)
DESK_ONLY = {"haetae.research", "haetae.cli", "haetae_local", "upbit_sandbox"}
LARGEST = 125_000_000  # bytes; AWS takes 250 MB unzipped for all layers and the function
HEAVY = {"numpy", "pandas", "openai", "numba", "pyarrow", "pyupbit"}  # none on a door's way in


def build(layer: str, folder: str, into: Path) -> subprocess.CompletedProcess[str]:
    """Build a layer as `sam build` does."""
    return subprocess.run(
        ["make", "-s", "-C", str(REPOSITORY / "layers" / folder), f"build-{layer}"],
        env=os.environ | {"ARTIFACTS_DIR": str(into)},
        capture_output=True,
        text=True,
        check=False,
    )


def run(program: str, *paths: Path) -> str:
    """Run a program in a new interpreter that finds modules in `paths` and nowhere else."""
    begin = f"import sys; sys.path[:0] = {[str(path) for path in paths]!r}\n"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-W", "ignore", "-c", begin + program],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def size(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def site_packages() -> Path:
    """Return where this interpreter's packages are."""
    return Path(pytest.__file__).parents[1]


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The product's layer."""
    into = tmp_path_factory.mktemp("core")
    done = build("CoreLayer", "core", into)
    assert done.returncode == 0, done.stderr
    return into / "python"


@pytest.fixture(scope="module")
def dependencies() -> Path:
    """The dependencies layer, as `make check` has built it."""
    built = REPOSITORY / ".localstack/layer/python"
    assert built.is_dir(), "the layer has not been built; run: make check"
    return built


def test_the_core_layer_is_the_product_without_its_desk(core: Path) -> None:
    kept = {path.relative_to(core / "haetae") for path in (core / "haetae").rglob("*.py")}
    rooms = {path.relative_to(HAETAE) for path in HAETAE.rglob("*.py")}

    assert kept == {path for path in rooms if path.parts[0] not in {"research", "cli"}}
    assert not list(core.rglob("__pycache__"))
    assert not (core / "haetae/research").exists()
    assert [path.name for path in core.iterdir()] == ["haetae"]


def test_every_module_of_the_core_layer_can_be_imported_in_it(core: Path) -> None:
    names = sorted(
        ".".join(path.relative_to(core).with_suffix("").parts).removesuffix(".__init__")
        for path in core.rglob("*.py")
    )
    program = f"import importlib\nfor name in {names!r}: importlib.import_module(name)"

    run(program, core, site_packages())


@pytest.mark.parametrize("door", sorted({path.parent.name for path in FUNCTIONS.glob("*/*.py")}))
def test_a_door_opens_on_the_layers_alone_and_lightly(door: str, core: Path) -> None:
    module = "app" if door == "api" else "handler"
    program = f"import {module}, json; print(json.dumps(sorted(sys.modules)))"

    loaded = set(json.loads(run(program, FUNCTIONS / door, core, site_packages())))

    assert "haetae.wiring.entry" in loaded
    assert not {name.partition(".")[0] for name in loaded} & HEAVY
    assert not {name for name in loaded if ".".join(name.split(".")[:2]) in DESK_ONLY}


def imports(source: str) -> set[str]:
    """Return every module that a source imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return found


def of_the_desk(names: set[str]) -> set[str]:
    """Return those modules that no Lambda has."""
    return {name for name in names for room in DESK_ONLY if f"{name}.".startswith(f"{room}.")}


def test_no_function_and_no_module_of_the_layer_imports_what_is_left_out(core: Path) -> None:
    sources = [*FUNCTIONS.rglob("*.py"), *core.rglob("*.py")]
    found = {str(path): of_the_desk(imports(path.read_text("utf-8"))) for path in sources}

    assert len(sources) > 50
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import haetae.research.replay.replay",
        "from haetae import research",
        "from haetae.research.replay import replay",
        "def f():\n    from haetae.cli.main import main",
        "import upbit_sandbox",
    ],
)
def test_an_import_of_what_is_left_out_is_found(source: str) -> None:
    assert of_the_desk(imports(source))


def test_the_dependencies_can_be_imported_by_themselves(dependencies: Path) -> None:
    program = (
        "import importlib\n"
        f"for name in {MODULES!r}: importlib.import_module(name)\n"
        "import boto3, pandas, openai\n"
        "for name in ('dynamodb', 'sns'): boto3.client(name, region_name='ap-northeast-2')\n"
        "openai.OpenAI(api_key='x')\n"
        "assert pandas.Series([1.0, 2.0]).rolling(2).mean()[1] == 1.5\n"
        "print(len({name.partition('.')[0] for name in sys.modules}))"
    )

    assert int(run(program, dependencies)) > len(MODULES)


def test_the_dependencies_are_pruned_and_small(dependencies: Path) -> None:
    folders = {path.name for path in dependencies.rglob("*") if path.is_dir()}
    files = {path.suffix for path in dependencies.rglob("*") if path.is_file()}

    assert size(dependencies) < LARGEST
    assert not folders & {"tests", "__pycache__", "bin"}
    assert not files & {".pyi", ".pyx", ".pxd", ".h", ".a"}
    told = {path.name for path in dependencies.glob("*.dist-info/**/*") if path.is_file()}
    assert told == {"METADATA"}
    assert not {"pip", "setuptools", "click"} & folders


def test_every_service_that_is_called_is_in_the_layer(dependencies: Path) -> None:
    clients = re.compile(r"""boto3\.(?:client|resource)\(\s*["']([a-z0-9]+)["']""")
    sources = [*HAETAE.rglob("*.py"), *FUNCTIONS.rglob("*.py")]
    called = {name for path in sources for name in clients.findall(path.read_text("utf-8"))}

    described = {path.name for path in (dependencies / "botocore/data").iterdir() if path.is_dir()}
    assert {"dynamodb", "sns"} <= called
    assert called == described


def test_the_layer_is_locked_in_step_with_the_tests() -> None:
    pins = {
        name: dict(re.findall(r"^([a-z0-9-]+)==([^ ]+)", text, re.MULTILINE))
        for name in ("layer", "dev", "runtime")
        for text in [(REPOSITORY / f"requirements/{name}.txt").read_text("utf-8")]
    }

    assert pins["runtime"].items() <= pins["layer"].items()
    shared = pins["layer"].keys() & pins["dev"].keys()
    assert {name: pins["layer"][name] for name in shared} == {n: pins["dev"][n] for n in shared}
    assert "aws-lambda-powertools" in shared
