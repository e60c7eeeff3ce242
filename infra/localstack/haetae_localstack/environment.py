"""The environment variables LocalStack and the functions in it are started with, and no others."""

from collections.abc import Mapping, Sequence
from pathlib import Path

RUNTIME = "python3.13"
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
LOOPBACK = "127.0.0.1,localhost"


def server_environment(
    port: int, root: Path, runtime_python: Path, *, host: str = "127.0.0.1"
) -> dict[str, str]:
    """Return the whole environment of a LocalStack that listens on `host`:`port`.

    `root` is a folder of this instance alone: its caches stay there from start to start,
    `root/tmp` is emptied at each. `runtime_python` is the interpreter that runs the functions.
    """
    return {
        "PATH": SYSTEM_PATH,
        "LANG": "C.UTF-8",
        "HOME": str(root),
        "TMPDIR": str(root / "tmp"),
        "FILESYSTEM_ROOT": str(root / "filesystem"),
        "NO_PROXY": LOOPBACK,
        "no_proxy": LOOPBACK,
        "OVERRIDE_IN_DOCKER": "0",  # with /.dockerenv it would write to /var/lib/localstack
        "GATEWAY_SERVER": "bound",
        "GATEWAY_LISTEN": f"{host}:{port}",
        "LOCALSTACK_HOST": f"localhost:{port}",  # its default name does not resolve offline
        "DNS_ADDRESS": "0",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "DISABLE_EVENTS": "1",
        "LAMBDA_RUNTIME_EXECUTOR": "process",
        "LAMBDA_PROCESS_PYTHON": str(runtime_python),
        "LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT": "930",  # above every limit of the executor's own
        "PROVIDER_OVERRIDE_DYNAMODB": "moto",
        "PROVIDER_OVERRIDE_EVENTS": "punctual",
    }


def function_environment(
    given: Mapping[str, str], *, code: Path, layers: Sequence[Path], home: Path
) -> dict[str, str]:
    """Return the whole environment of a function's process.

    `given` are the variables LocalStack gives: AWS's and the function's own, which win. `layers`
    are the unzipped layers in the function's order. They are not merged into one folder as in
    AWS's /opt: each is on the path, the last one first, and only its `python` folder counts.
    """
    roots = [layer / "python" for layer in reversed(layers)]
    packages = [root / "lib" / RUNTIME / "site-packages" for root in roots]
    path = [code, *(folder for folder in (*packages, *roots) if folder.is_dir())]
    own = given.get("PYTHONPATH")
    return {
        "PATH": SYSTEM_PATH,
        "LANG": "en_US.UTF-8",
        "HOME": str(home),
        "TMPDIR": str(home),
        "NO_PROXY": LOOPBACK,
        "no_proxy": LOOPBACK,
        **given,
        "PYTHONPATH": ":".join([*map(str, path), *([own] if own else [])]),
        "LAMBDA_TASK_ROOT": str(code),
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{RUNTIME}",
    }
