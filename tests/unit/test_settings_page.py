"""`haetae settings` and docs/settings.md say what the table of settings says."""

import json

import pytest

from haetae.cli.main import main
from haetae.config.build import setup_of
from haetae.config.checks import RULES
from haetae.config.keys import KEYS
from haetae.config.page import page, rows
from haetae.config.profiles import PROFILES
from support.tapes import REPOSITORY


def test_the_page_is_that_of_the_table() -> None:
    text = (REPOSITORY / "docs/settings.md").read_text("utf-8")

    assert text == page(), "run: make docs"


def test_the_page_has_every_key_and_every_rule() -> None:
    text = page()

    assert all(f"| `{name}` |" in text for name in KEYS)
    assert all(rule.meaning in text for rule in RULES)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_values_of_a_profile_given_as_settings_are_the_profile(profile: str) -> None:
    shown = {row.name: row.value for row in rows(profile)}
    given = {n: text for n, text in shown.items() if n != "exchange.market" and text != "off"}

    setup = setup_of(profile=profile, markets=("KRW-BTC",), overrides=given)

    assert (setup.params[0], setup.rails) == PROFILES[profile]


def test_the_verb_prints_text_json_and_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings", "--profile", "balanced"]) == 0
    assert "risk.stop_loss_pct                   -5 " in capsys.readouterr().out

    assert main(["settings", "--json"]) == 0
    assert [row["name"] for row in json.loads(capsys.readouterr().out)] == list(KEYS)

    assert main(["settings", "--page"]) == 0
    assert capsys.readouterr().out == page()
