"""Clients for LocalStack's address, with keys that open nothing."""

from functools import cache
from typing import Any

from haetae_local.folders import REGION

LONGEST_ANSWER_S = 70


def environment(endpoint: str) -> dict[str, str]:
    """Return the variables that point the AWS tools at LocalStack."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
    }


@cache
def client(service: str, endpoint: str) -> Any:
    """Return a client of one of LocalStack's services; nothing is tried twice."""
    import boto3
    from botocore.config import Config

    return boto3.client(
        service,  # type: ignore[call-overload] # the service is a variable here
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - opens nothing
        config=Config(read_timeout=LONGEST_ANSWER_S, retries={"total_max_attempts": 1}),
    )
