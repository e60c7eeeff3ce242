"""What to say of a key that is none: where it belongs, or the name that is nearest to it."""

from difflib import get_close_matches
from typing import Final

from haetae.config.keys import KEYS

GROUPS: Final = {name[: name.rindex(".")]: name for name in reversed(KEYS)} | {
    "strategy": "strategy.main"
}
LAST_PARTS: Final = {name.rpartition(".")[2].lower(): name for name in KEYS}
ELSEWHERE: Final = {
    "profile": "--profile NAME, or HAETAE_PROFILE",
    "market": "exchange.market",
    "markets": "exchange.market",
    "interval": "schedule.decision_interval_minutes",
    "cash": "--cash of a backtest",
    "mode": "MODE in .env",
    "language": "HAETAE_LANGUAGE",
}


def unknown_key(name: str) -> str:
    """Return the sentence about a key that is not in the table."""
    if name in GROUPS:
        return f"key {name!r} is a group; allowed: settings below it, such as {GROUPS[name]}"
    if name.lower() in ELSEWHERE:
        return f"key {name!r} is no setting of its own; allowed: {ELSEWHERE[name.lower()]}"
    before, colon, _after = name.partition(":")
    if colon:
        return f"key {before!r} has no blank after its colon; allowed: key: value"
    near = nearest_key(name)
    hint = f", the nearest is {near}" if near else ""
    return f"key {name!r} is unknown{hint}; allowed: what haetae settings lists"


def nearest_key(name: str) -> str:
    """Return the key that is most like a name, in whole or in its last part; else nothing."""
    wanted = name.lower()
    whole = {key.lower(): key for key in KEYS}
    last = wanted.rpartition(".")[2]
    for known, text, cutoff in ((whole, wanted, 0.85), (LAST_PARTS, last, 0.75)):
        found = get_close_matches(text, known, n=1, cutoff=cutoff)
        if found:
            return known[found[0]]
    return ""
