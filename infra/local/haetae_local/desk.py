"""Talk to the running bot: invoke, logs, status, kill and resume."""

import argparse
import json
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from haetae.base.time import MINUTE_S
from haetae_local import stack
from haetae_local.aws import client
from haetae_local.errors import LocalError
from haetae_local.lifecycle import required
from haetae_local.places import ROOT, place
from haetae_local.pump import scheduled
from haetae_local.stack import FUNCTIONS, Deployed

FOLLOW_EVERY_S = 1.0
OLDEST_LOG_S = 3_600
ANSWER_S = 35.0


def running_stack() -> Deployed:
    """Return the stack that runs."""
    running = required(place())
    return stack.deployed(running.localstack, running.stack)


def invoke_function(args: argparse.Namespace) -> None:
    """Send an event to a function and print its answer.

    Without --event it is the function's own example; a schedule's gets the present minute.
    """
    found = running_stack()
    found.function(args.function)
    event = example(args.function) if args.event is None else read_event(args.event)
    print(json.dumps(stack.invoke(found, args.function, event), indent=2, ensure_ascii=False))


def example(function: str) -> Any:
    """Return a function's example event."""
    event = read_event(ROOT / f"events/{function}.json")
    if event.get("detail-type") == "Scheduled Event":
        now = int(time.time())
        event["time"] = scheduled(now - now % MINUTE_S)["time"]
    return event


def read_event(path: Path) -> Any:
    """Read an event.

    Raises:
        LocalError: there is none, or it is not JSON.
    """
    try:
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise LocalError(f"EVENT {path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise LocalError(f"EVENT {path} is not JSON: {error}") from error


def logs(args: argparse.Namespace) -> None:
    """Print what the functions logged in the last hour, oldest first; follow if asked."""
    found = running_stack()
    names = [args.function] if args.function else list(FUNCTIONS)
    groups = {f"/aws/lambda/{found.function(name)}": name for name in names}
    since_ms = int((time.time() - OLDEST_LOG_S) * 1000)
    seen: set[str] = set()
    while True:
        lines = [line for group in groups for line in logged(found, group, since_ms)]
        for line in sorted(lines, key=lambda line: (line["timestamp"], line["eventId"])):
            if line["eventId"] not in seen:
                seen.add(line["eventId"])
                at = datetime.fromtimestamp(line["timestamp"] / 1000, UTC).astimezone()
                text = line["message"].rstrip()
                print(f"{at:%H:%M:%S} {groups[line['group']]:13} {text}", flush=True)
        if not args.follow:
            return
        time.sleep(FOLLOW_EVERY_S)


def logged(found: Deployed, group: str, since_ms: int) -> list[dict[str, Any]]:
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


def status(_args: argparse.Namespace) -> None:
    """Print the bot's status as the API tells it."""
    show(call(running_stack(), "GET", "/status"))


def kill(args: argparse.Namespace) -> None:
    """Pull the kill switch over HTTP."""
    show(call(running_stack(), "POST", "/killswitch", {"reason": args.reason}))


def resume(args: argparse.Namespace) -> None:
    """Ask the bot to trade again."""
    order = {"action": "start", "reason": args.reason, "confirm": args.confirm}
    show(call(running_stack(), "POST", "/bot/control", order))


def show(answer: Any) -> None:
    """Print an answer for people."""
    json.dump(answer, sys.stdout, indent=2, ensure_ascii=False)
    print()


def call(found: Deployed, method: str, path: str, body: Any = None) -> Any:
    """Call the API with its key.

    Raises:
        LocalError: it refused, or did not answer; in its own words.
    """
    data = None if body is None else json.dumps(body).encode()
    headers = {"x-api-key": found.api_key, "Content-Type": "application/json"}
    request = urllib.request.Request(found.api_url + path, data, headers, method=method)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_S) as answer:  # noqa: S310 - ours
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        said = error.read().decode("utf-8", "replace")
        raise LocalError(f"{method} {path} is refused ({error.code}): {said}") from error
    except (urllib.error.URLError, OSError) as error:
        raise LocalError(f"the API does not answer: {error}; see: make logs F=api") from error
