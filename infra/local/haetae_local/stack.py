"""Builds and deploys template.yaml with the SAM CLI; LocalStack and AWS differ by an address."""

import fcntl
import hashlib
import json
import os
import re
import subprocess
import time
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from haetae_local.aws import client, environment
from haetae_local.errors import LocalError
from haetae_local.places import REGION, ROOT, SAM
from haetae_local.processes import last_line

BUCKET = "haetae-artifacts"
IN_PROGRESS_S = 60.0
BUSY = {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "DELETE_IN_PROGRESS"}
BROKEN = {"CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"}
FUNCTIONS = (
    "trading_cycle",
    "risk_check",
    "killswitch",
    "daily_report",
    "notifier",
    "api",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """A stack as it stands on LocalStack."""

    endpoint: str
    name: str
    table: str
    api_url: str
    api_key: str

    def function(self, name: str) -> str:
        """Return the deployed name of one of FUNCTIONS.

        Raises:
            LocalError: there is no such function.
        """
        if name not in FUNCTIONS:
            raise LocalError(f"function {name!r} is unknown; known are: {', '.join(FUNCTIONS)}")
        return f"{self.name}-{name.replace('_', '-')}"


def build(log: Path) -> Path:
    """Build all functions and layers; return a template whose artifacts never change again.

    Each folder becomes a zip that is named by its content. Left to itself the SAM CLI zips every
    folder anew at every deployment, which for the dependencies is most of the time of one.
    """
    folder = ROOT / ".aws-sam"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one build at a time: they share SAM's cache
        run_sam(["build", "--cached", "--parallel"], log, os.environ, "built")
        built = folder / "build/template.yaml"
        artifacts = folder / "artifacts"
        artifacts.mkdir(exist_ok=True)

        def zipped_uri(found: re.Match[str]) -> str:
            return f"{found[1]}: {zipped(built.parent / found[2], artifacts)}"

        text = re.sub(
            r"(ContentUri|CodeUri): (\w+)$", zipped_uri, built.read_text("utf-8"), flags=re.M
        )
        name = hashlib.sha256(text.encode()).hexdigest()[:16]
        template = artifacts / f"template-{name}.yaml"
        template.write_text(text, "utf-8")
    return template


def zipped(folder: Path, artifacts: Path) -> Path:
    """Return the zip of a folder's files, made if there is none of this content yet."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for path in files:
        digest.update(str(path.relative_to(folder)).encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    packed = artifacts / f"{folder.name}-{digest.hexdigest()[:16]}.zip"
    if not packed.exists():
        part = packed.with_suffix(".part")
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
            for path in files:
                out.write(path, path.relative_to(folder))
        part.replace(packed)
    return packed


def deploy(
    template: Path, *, endpoint: str, name: str, parameters: Mapping[str, str], log: Path
) -> Deployed:
    """Create or change the stack on LocalStack; nothing to change is no error.

    A stack that an earlier attempt left half-made is removed first.

    Raises:
        LocalError: the SAM CLI refused; names its log.
    """
    remove_broken(endpoint, name)
    bucket(endpoint)
    command = [
        "deploy",
        *("--template-file", str(template), "--stack-name", name, "--region", REGION),
        *("--s3-bucket", BUCKET, "--s3-prefix", name, "--capabilities", "CAPABILITY_IAM"),
        *("--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar"),
        *("--parameter-overrides", *[f"{key}={quoted(text)}" for key, text in parameters.items()]),
    ]
    run_sam(command, log, os.environ | environment(endpoint), "deployed")
    return deployed(endpoint, name)


def quoted(text: str) -> str:
    """Return a parameter's value as the SAM CLI reads it back."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def run_sam(arguments: Sequence[str], log: Path, variables: Mapping[str, str], word: str) -> None:
    """Run the SAM CLI into a log of its own.

    Raises:
        LocalError: it failed, or is not installed.
    """
    if not SAM.exists():
        raise LocalError(f"{SAM} is missing; run: make setup-local")
    quiet = {"SAM_CLI_TELEMETRY": "0", "SAM_CLI_POLL_DELAY": "0.5", "PYTHONUNBUFFERED": "1"}
    with log.open("wb") as out:
        done = subprocess.run(  # noqa: S603 - our own tool and arguments
            [str(SAM), *arguments],
            cwd=ROOT,
            env={**variables, **quiet},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        raise LocalError(f"the stack could not be {word}: {last_line(log)}; see {log}")


def bucket(endpoint: str) -> None:
    """Make the bucket that deployments travel through."""
    s3 = client("s3", endpoint)
    if BUCKET not in {b["Name"] for b in s3.list_buckets()["Buckets"]}:
        where = {"LocationConstraint": REGION}
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)


def status(endpoint: str, name: str) -> str:
    """Return CloudFormation's word for the stack; empty when there is none."""
    from botocore.exceptions import ClientError

    try:
        stacks = client("cloudformation", endpoint).describe_stacks(StackName=name)["Stacks"]
    except ClientError:
        return ""
    return str(stacks[0]["StackStatus"])


def remove_broken(endpoint: str, name: str) -> None:
    """Wait for what is still being done to the stack; delete one that cannot be changed."""
    until = time.monotonic() + IN_PROGRESS_S
    while status(endpoint, name) in BUSY and time.monotonic() < until:
        time.sleep(0.5)
    if status(endpoint, name) in BROKEN:
        remove(endpoint, name)


def remove(endpoint: str, name: str, within_s: float = 60.0) -> None:
    """Delete the stack and wait until it is gone.

    Raises:
        LocalError: it is still there.
    """
    client("cloudformation", endpoint).delete_stack(StackName=name)
    until = time.monotonic() + within_s
    while status(endpoint, name) not in {"", "DELETE_COMPLETE"}:
        if time.monotonic() > until:
            raise LocalError(f"stack {name} cannot be deleted; run: make down")
        time.sleep(0.5)


def deployed(endpoint: str, name: str) -> Deployed:
    """Return the stack's addresses and names.

    Raises:
        LocalError: it is not deployed.
    """
    if not status(endpoint, name).endswith("_COMPLETE"):
        raise LocalError(f"stack {name} is not deployed; run: make up")
    cloud = client("cloudformation", endpoint)
    stack = cloud.describe_stacks(StackName=name)["Stacks"][0]
    outputs = {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}
    resource = cloud.describe_stack_resource(StackName=name, LogicalResourceId="Api")
    api = resource["StackResourceDetail"]["PhysicalResourceId"]
    key = client("apigateway", endpoint).get_api_key(apiKey=outputs["ApiKeyId"], includeValue=True)
    return Deployed(
        endpoint=endpoint,
        name=name,
        table=outputs["TableName"],
        api_url=f"{endpoint}/_aws/execute-api/{api}/v1",
        api_key=key["value"],
    )


def invoke(where: Deployed, function: str, event: Mapping[str, Any]) -> Any:
    """Invoke a function and wait for its answer.

    Raises:
        LocalError: the function failed; ends with its error.
    """
    answer = client("lambda", where.endpoint).invoke(
        FunctionName=where.function(function), Payload=json.dumps(event).encode()
    )
    body = json.loads(answer["Payload"].read() or b"null")
    if "FunctionError" in answer:
        raise LocalError(
            f"{function} failed: {body.get('errorType')}: {body.get('errorMessage')}; "
            f"see: make logs F={function}"
        )
    return body
