"""Deploys a built template with the SAM CLI; LocalStack and AWS differ by an address."""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from haetae_local.deploy.aws import client, environment
from haetae_local.deploy.sam import run_sam
from haetae_local.errors import LocalError
from haetae_local.folders import REGION, open_folder
from haetae_local.servers.running import require_running

STACK = "haetae"  # what `make up` runs
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


def deploy(
    template: Path, *, endpoint: str, name: str, parameters: Mapping[str, str], log: Path
) -> Deployed:
    """Create or change the stack on LocalStack; nothing to change is no error.

    A stack that an earlier attempt left half-made is removed first.

    Raises:
        LocalError: the SAM CLI refused; names its log.
    """
    remove_broken_stack(endpoint, name)
    bucket(endpoint)
    command = [
        "deploy",
        *("--template-file", str(template), "--stack-name", name, "--region", REGION),
        *("--s3-bucket", BUCKET, "--s3-prefix", name, "--capabilities", "CAPABILITY_IAM"),
        *("--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar"),
        *("--parameter-overrides", *[f"{key}={quote(text)}" for key, text in parameters.items()]),
    ]
    run_sam(command, log, os.environ | environment(endpoint), "deployed")
    return read_deployment(endpoint, name)


def quote(text: str) -> str:
    """Return a parameter's value as the SAM CLI reads it back."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


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


def parameters(endpoint: str, name: str) -> dict[str, str]:
    """Return what the stack was deployed with; nothing where there is none."""
    if not status(endpoint, name).endswith("_COMPLETE"):
        return {}
    cloud = client("cloudformation", endpoint)
    found = cloud.describe_stacks(StackName=name)["Stacks"][0].get("Parameters", [])
    return {one["ParameterKey"]: one["ParameterValue"] for one in found}


def remove_broken_stack(endpoint: str, name: str) -> None:
    """Wait for what is still being done to the stack; delete one that cannot be changed.

    LocalStack calls a failed update what CloudFormation calls a failed creation.

    Raises:
        LocalError: it cannot be changed, and its table holds an account.
    """
    until = time.monotonic() + IN_PROGRESS_S
    while status(endpoint, name) in BUSY and time.monotonic() < until:
        time.sleep(0.5)
    if status(endpoint, name) in BROKEN:
        if holds_account(endpoint, name):
            raise LocalError(
                f"stack {name} cannot be changed since an update of it failed, and its table holds "
                "an account; run: make down, which keeps the account, then make up"
            )
        remove(endpoint, name)


def holds_account(endpoint: str, name: str) -> bool:
    """Tell whether a stack has a table with something in it."""
    from botocore.exceptions import ClientError

    cloud = client("cloudformation", endpoint)
    try:
        resource = cloud.describe_stack_resource(StackName=name, LogicalResourceId="Table")
        table = resource["StackResourceDetail"].get("PhysicalResourceId")
        if not table:
            return False
        return bool(client("dynamodb", endpoint).scan(TableName=table, Limit=1)["Items"])
    except ClientError as error:
        if error.response["Error"]["Code"] in {"ValidationError", "ResourceNotFoundException"}:
            return False  # it was never made
        raise LocalError(f"the table of stack {name} cannot be read: {error}") from error


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


def read_deployment(endpoint: str, name: str) -> Deployed:
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


def running_stack() -> Deployed:
    """Return the stack that runs.

    Raises:
        LocalError: nothing does.
    """
    running = require_running(open_folder())
    return read_deployment(running.localstack, running.stack)


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
