"""What is named as not running over WebSocket exists."""

import re

from tests.integration.system.over import NOT_FILES, NOT_TESTS
from tests.support.node_process import ROOT

FOLDER = ROOT / "tests/integration/system"


def test_the_names_that_are_exempt_exist() -> None:
    files = {path.stem: path.read_text("utf-8") for path in FOLDER.glob("test_*.py")}
    assert NOT_FILES.keys() <= files.keys()
    tests = re.findall(r"^(?:async )?def (test_\w+)", "\n".join(files.values()), re.M)
    assert NOT_TESTS.keys() <= set(tests)
