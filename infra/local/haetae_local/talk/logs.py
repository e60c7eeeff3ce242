"""What the functions logged, oldest first."""

import argparse
import time
from datetime import UTC, datetime
from typing import Any

from haetae_local.deploy.aws import client
from haetae_local.deploy.stack import FUNCTIONS, Deployed, running_stack

FOLLOW_EVERY_S = 1.0
OLDEST_LOG_S = 3_600


def logs(args: argparse.Namespace) -> None:
    """Print what the functions logged in the last hour, oldest first; follow if asked."""
    found = running_stack()
    names = [args.function] if args.function else list(FUNCTIONS)
    groups = {f"/aws/lambda/{found.function(name)}": name for name in names}
    since_ms = int((time.time() - OLDEST_LOG_S) * 1000)
    seen: set[str] = set()
    while True:
        lines = [line for group in groups for line in read_group(found, group, since_ms)]
        for line in sorted(lines, key=lambda line: (line["timestamp"], line["eventId"])):
            if line["eventId"] not in seen:
                seen.add(line["eventId"])
                at = datetime.fromtimestamp(line["timestamp"] / 1000, UTC).astimezone()
                text = line["message"].rstrip()
                print(f"{at:%H:%M:%S} {groups[line['group']]:13} {text}", flush=True)
        if not args.follow:
            return
        time.sleep(FOLLOW_EVERY_S)


def read_group(found: Deployed, group: str, since_ms: int) -> list[dict[str, Any]]:
    """Return a function's log events since then; none while it has not run."""
    client_ = client("logs", found.endpoint)
    pages = client_.get_paginator("filter_log_events")
    try:
        return [
            event | {"group": group}
            for page in pages.paginate(logGroupName=group, startTime=since_ms)
            for event in page["events"]
        ]
    except client_.exceptions.ResourceNotFoundException:
        return []
