"""What is said to the running bot: invoke, status, kill and resume."""

import argparse
import json
import sys
from typing import Any

from haetae.base.time import iso_text
from haetae.kernel.codes import MODE_NAMES
from haetae_local.deploy.stack import invoke, running_stack
from haetae_local.talk.events import example, read_event
from haetae_local.talk.http import api_of, call


def invoke_function(args: argparse.Namespace) -> None:
    """Send an event to a function and print its answer.

    Without --event it is the function's own example; a schedule's gets the present minute.
    """
    found = running_stack()
    found.function(args.function)
    event = example(args.function) if args.event is None else read_event(args.event)
    print_answer(in_words(invoke(found, args.function, event)))


def in_words(answer: Any) -> Any:
    """Return a function's answer with its mode by name and its times as people read them."""
    if not isinstance(answer, dict):
        return answer
    found = dict(answer)
    for name, value in answer.items():
        if type(value) is int and (name == "t" or name.endswith("_t")):
            found[name] = iso_text(value)
    if type(answer.get("mode")) is int:
        found["mode"] = MODE_NAMES.get(answer["mode"], answer["mode"])
    return found


def status(_args: argparse.Namespace) -> None:
    """Print the bot's status as the API tells it."""
    print_answer(call(api_of(running_stack()), "GET", "/status"))


def kill(args: argparse.Namespace) -> None:
    """Pull the kill switch over HTTP."""
    print_answer(call(api_of(running_stack()), "POST", "/killswitch", {"reason": args.reason}))


def resume(args: argparse.Namespace) -> None:
    """Ask the bot to trade again."""
    command = {"action": "resume", "reason": args.reason, "confirm": args.confirm}
    print_answer(call(api_of(running_stack()), "POST", "/bot/control", command))


def print_answer(answer: Any) -> None:
    """Print an answer for people."""
    json.dump(answer, sys.stdout, indent=2, ensure_ascii=False)
    print()
