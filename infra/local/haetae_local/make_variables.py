"""What `make` may be told, goal by goal: `python3 …/make_variables.py 'NAMES' 'GOALS'`.

The Makefile runs this file by its path, before anything is installed, with the names that are on
its command line; what it prints refuses them. It imports the standard library alone.
"""

import sys
from collections.abc import Sequence
from difflib import get_close_matches

STACK = ("MARKETS", "PROFILE", "INTERVAL", "SETTINGS", "CONFIG", "LANGUAGE")
VARIABLES: dict[str, tuple[str, ...]] = {
    "up": ("SOURCE", "CANDLES", "UPSTREAM", "SPEED", *STACK),
    "deploy-local": ("ENDPOINT", "EXCHANGE", *STACK),
    "invoke": ("F", "EVENT"),
    "logs": ("F", "FOLLOW"),
    "doctor": ("CONFIG",),
    "kill": ("REASON",),
    "resume": ("REASON", "CONFIRM"),
    "check": ("WORKERS",),
    "test": ("WORKERS", "SERVERS"),
    "coverage": ("WORKERS",),
    "parity": ("WORKERS", "SERVERS"),
}


def refusal(names: Sequence[str], goals: Sequence[str]) -> str:
    """Return the sentence that refuses variables of make's command line; empty for none."""
    taken = sorted({name for goal in goals for name in VARIABLES.get(goal, ())})
    unknown = sorted(set(names) - set(taken))
    if not unknown:
        return ""
    name, goal = unknown[0], f"make {' '.join(goals)}"
    known = sorted({name for variables in VARIABLES.values() for name in variables})
    near = get_close_matches(name.upper(), taken, n=1, cutoff=0.5)
    if name in known:
        said = f"{name}= has no effect on {goal}"
    else:
        said = f"{name}= is unknown to {goal}" + (f"; do you mean {near[0]}=?" if near else "")
    return f"{said}; allowed: {', '.join(taken) or 'nothing'}"


if __name__ == "__main__":
    print(refusal(sys.argv[1].split(), sys.argv[2].split()))
