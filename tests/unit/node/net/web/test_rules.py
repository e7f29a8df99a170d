"""The table of RFC 6455's rules names tests that exist."""

import re
from pathlib import Path

from tests.support.node_process import ROOT

TABLE = Path(__file__).with_name("rules.md")
FOLDERS = ("tests/unit/node", "tests/integration/net", "tests/labs/fuzz")


def test_each_rule_has_a_test_that_exists() -> None:
    rows = re.findall(r"^\| \d.*\| (.*) \|$", TABLE.read_text("utf-8"), re.MULTILINE)
    assert len(rows) > 20
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("test_*.py")]
    tests = set(re.findall(r"def (test_\w+)", "\n".join(path.read_text("utf-8") for path in files)))
    for row in rows:
        named = re.findall(r"`(test_\w+)`", row)
        assert named and set(named) <= tests, row
