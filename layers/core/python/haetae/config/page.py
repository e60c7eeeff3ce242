"""The tables of settings and variables as rows, as a page and as .env.example."""

from collections.abc import Iterator
from dataclasses import dataclass

from haetae.config.checks import RULES
from haetae.config.effects import EFFECTS
from haetae.config.key import Key, Part
from haetae.config.keys import KEYS, KNOB_OWNERS, READERS
from haetae.config.profiles import PROFILES
from haetae.config.rule import Draft
from haetae.config.variable import Variable
from haetae.config.variables import GROUPS

INTRODUCTION = """# Settings

A setting is written as `--set key=value`, in a YAML file for `--config` (nested, or with dots), or
in `HAETAE_SET`; some have a variable of their own in `.env` (`.env.example` lists all). What is
written on a command line wins; a file and the variables have to agree. An unknown key, a key given
twice, a value out of range, settings that contradict each other and settings that would change
nothing are refused in one sentence with exit code 2; `haetae doctor`, which prints its findings,
ends with 2 for these too, and with 1 for any other error.
`haetae settings --profile NAME` prints this table for one profile.
"""

EXAMPLE_HEAD = """\
# Copy this file to .env beside it, fill in what you need, and keep it to yourself: chmod 600 .env
# KEY=value: no quotes, no spaces around the value; an empty value is not set. Each variable once.
# Variables of the process win over this file.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A setting with the text of its value in a profile; empty where a profile says nothing."""

    name: str
    value: str
    unit: str
    allowed: str
    meaning: str


def rows(profile: str) -> list[Row]:
    """Return every setting with its value in a profile."""
    return [
        Row(
            name=key.name,
            value=value_in(profile, key),
            unit=key.unit,
            allowed=key.allowed,
            meaning=key.meaning,
        )
        for key in KEYS.values()
    ]


def value_in(profile: str, key: Key) -> str:
    """Return the text of a setting in a profile; "off" where the profile has no use for it."""
    params, rails = PROFILES[profile]
    if key.name in READERS and params.strategy not in {one.code for one in READERS[key.name]}:
        return "off"
    text = text_in(profile, key)
    if text in {"", "off"}:
        return text
    draft = Draft(
        given={key.name: key.read(text)},
        params=params,
        rails=rails,
        markets=("KRW-BTC",),
        profile=PROFILES[profile],
    )
    return "off" if any(rule.refuse(draft) for rule in EFFECTS) else text


def text_in(profile: str, key: Key) -> str:
    """Return the text of a setting in a profile."""
    params, rails = PROFILES[profile]
    if key.name in KNOB_OWNERS:
        settings = [knob.setting for knob in KNOB_OWNERS[key.name].knobs]
        return key.show(params.knobs[settings.index(key.name)])
    for field in key.fields:
        record = params if field.part is Part.PARAMS else rails
        value = getattr(record, field.name)
        # only a profile can leave R away: no setting switches it off
        return "off" if key.name == "risk.r_per_trade_bps" and value == 0 else key.show(value)
    match key.name:
        case "exchange.name":
            return "upbit"
        case "risk.half_r":
            return "false"
        case "strategy.params.trail_type":
            return "chandelier" if params.trail_atr else "none"
    return ""


def page() -> str:
    """Return docs/settings.md."""
    return "\n".join([INTRODUCTION, *table_lines(), "", *rule_lines(), ""])


def table_lines() -> Iterator[str]:
    """Yield the table of keys with the values of every profile."""
    yield f"| key | what it is for | unit | allowed | {' | '.join(PROFILES)} |"
    yield "|" + "---|" * (4 + len(PROFILES))
    for key in KEYS.values():
        values = " | ".join(value_in(profile, key) for profile in PROFILES)
        yield f"| `{key.name}` | {key.meaning} | {key.unit} | {key.allowed} | {values} |"


def rule_lines() -> Iterator[str]:
    """Yield what settings must hold together."""
    yield "## What must hold together"
    yield ""
    for rule in RULES:
        yield f"- `{rule.key}`: {rule.meaning}"


def example_file() -> str:
    """Return .env.example: every variable below what is said of it."""
    lines = [EXAMPLE_HEAD]
    for title, group in GROUPS.items():
        lines.append(f"# --- {title} ---\n")
        for variable in group:
            lines.extend(f"# {sentence}" for sentence in sentences_of(variable))
            lines.append(f"{variable.name}={variable.example}\n")
    return "\n".join(lines)


def sentences_of(variable: Variable) -> Iterator[str]:
    """Yield what is said of a variable."""
    yield variable.meaning
    if variable.other:
        yield f"Other name: {variable.other}."
    if variable.no_effect:
        yield f"No effect: {variable.no_effect}."
