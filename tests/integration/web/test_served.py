"""What the node serves means the same as the sources of web/."""

import json
import subprocess

from node.net.web import pages
from tests.support.node_js import ROOT, needs_node_js, program

WEB = ROOT / "web"
PROGRAM = ROOT / "tests/web/compare.js"


def differing(pairs: dict[str, tuple[str, str]]) -> list[str]:
    """Return the names of modules that are not the same, token for token, as they are served."""
    flags = ("--expose-internals", "--experimental-vm-modules", "--no-warnings")
    done = subprocess.run(
        [program(), *flags, str(PROGRAM)],
        input=json.dumps(pairs),
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


@needs_node_js
def test_every_module_parses_and_has_the_tokens_of_its_source() -> None:
    pairs = {
        name: ((WEB / name).read_text("utf-8"), body.decode())
        for name, body in pages.load().items()
        if name.endswith(".js")
    }
    assert len(pairs) > 40
    assert differing(pairs) == []


@needs_node_js
def test_the_comparison_sees_each_difference() -> None:
    pairs = {
        "same": ("/* a */ f(1) // b", "f(1)\n"),
        "token": ("f(1)", "f(2)"),
        "string": ("f('a  b')", "f('a b')"),
        "template": ("f(`a\n  b`)", "f(`a\nb`)"),
        "regular expression": ("f(/a b/)", "f(/ab/)"),
        "end of statement": ("a\n++\nb", "a ++\nb"),
        "nothing returned": ("() => { return\n1 }", "() => { return 1 }"),
    }
    assert differing(pairs) == list(pairs)[1:]
