"""The table of docs/sandbox.md is that of the tests."""

from sandbox import documented


def test_the_page_says_what_the_tests_hold() -> None:
    text = documented.PAGE.read_text("utf-8")
    assert text == documented.page(text), "run: make docs"


def test_no_fact_is_told_twice() -> None:
    facts = [fact.fact for fact in documented.held()]
    assert len(facts) == len(set(facts))


def test_what_is_not_kept_has_a_section_and_a_reason() -> None:
    for section, fact, why in documented.NOT_KEPT:
        assert section in documented.SECTIONS
        assert fact
        assert why
