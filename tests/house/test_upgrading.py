"""docs/upgrading.md says of every release what it reads and writes."""

import re

from haetae.ledger.migrate import RELEASES
from support.tapes import REPOSITORY

ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| (\d+) \| (\d+) \|$", re.MULTILINE)


def test_the_page_of_upgrades_has_the_releases_as_the_code_has_them() -> None:
    page = (REPOSITORY / "docs/upgrading.md").read_text("utf-8")
    told = [(version, int(reads), int(writes)) for version, reads, writes in ROW.findall(page)]
    assert told == [tuple(release) for release in RELEASES]
