"""Bugs to plant into the node: each breaks a promise, and the laboratory has to tell of it.

`python -m tests.labs.faults --planted` copies the node, plants one bug after the other, and runs a
scenario that gives it the chance to do harm.
"""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from tests.labs.faults.on_cluster import CLUSTER_SCENARIOS
from tests.labs.faults.scenarios import SCENARIOS, Scenario
from tests.labs.faults.verdict import Kind
from tests.support.node_process import ROOT


class Edit(NamedTuple):
    """In a file, ``old`` becomes ``new``."""

    file: str
    old: str
    new: str

    def make_in(self, directory: Path) -> None:
        """Change the file."""
        path = directory / self.file
        text = path.read_text()
        assert text.count(self.old) == 1, f"{self.file} does not hold once: {self.old}"
        path.write_text(text.replace(self.old, self.new))


@dataclass(frozen=True)
class Plant:
    """A bug; ``kinds`` are what it breaks itself: one of them has to be told.

    What comes of that may be told as well, and depends on how fast the machine is. Where two parts
    of the node see to the same thing, both have to be broken.
    """

    name: str
    scenario: str
    kinds: tuple[Kind, ...]
    edits: tuple[Edit, ...]
    seconds: float = 20.0

    def run_in(self, directory: Path) -> Scenario:
        """Plant it into a copy of the node; return the scenario, with nodes from there."""
        for package in ("node", "wire"):
            shutil.copytree(ROOT / package, directory / package)
        for edit in self.edits:
            edit.make_in(directory)
        scenario = next(s for s in SCENARIOS + CLUSTER_SCENARIOS if s.name == self.scenario)
        plan = replace(scenario.plan, seconds=self.seconds, root=directory)
        return replace(scenario, name=self.name, plan=plan)


LUA = "node/brokers/scripts/"
PUBLISHING, SESSIONS = "node/brokers/publish_batch.py", "node/brokers/sessions.py"

LOSS = Edit(
    "node/core/rooms/merge.py",
    "first_part(missing), places) if missing else None",
    "[]) if False else None",
)
REPEAT = Edit(LUA + "publish.lua", "said_before(sent .. sid, log, token, least)", "nil")
TURN = Edit(
    PUBLISHING, "= messages[:most], messages[most:]", "= messages[:most][::-1], messages[most:]"
)
HOLE = Edit("node/core/rooms/follower.py", "_accept(reply.entries)", "_accept(reply.entries[-1:])")
TRIM = Edit(LUA + "publish.lua", "ARGV[1], tonumber(ARGV[2]),", "ARGV[1], 20,")
NICK = Edit(LUA + "hello.lua", "  if status then return {status, holder} end\n", "")
HELD = Edit(
    LUA + "parts/settle.lua",
    "if sid and sid ~= item.sid then return {'held'",
    "if false then return {'held'",
)
FENCE = Edit(LUA + "publish.lua", "owners[sid] ~= owner", "false")
MOVED = Edit(LUA + "hello.lua", "if session[3] ~= '' and session[3] ~= owner then", "if false then")
GRACE = Edit(SESSIONS, "reason, int(self._context.config.grace * 1000)]", "reason, 0]")
REAP = Edit(LUA + "reap.lua", "  finish(sid, 'lost', op .. 'g' .. n .. 'x')\n", "")
OWN = Edit(
    PUBLISHING,
    "        if entries:\n            first = ",
    "        if False:\n            first = ",
)
NOTICE = Edit("node/brokers/seats.py", "if notice is not None:", "if False:")
SLOW = Edit("node/net/connection.py", "        self._session.paused()\n", "")

PLANTS = [
    Plant("what Redis forgot is not put back", "Redis rolled back", (Kind.LOST,), (LOSS,)),
    Plant("an acknowledged message is not remembered", "acknowledged early", (Kind.LOST,), (OWN,)),
    Plant("a notice is not remembered", "acknowledged early", (Kind.PRESENCE,), (NOTICE,)),
    Plant("a repeat is taken for new", "clients abort", (Kind.DOUBLED,), (REPEAT,)),
    Plant("a batch is turned round", "Redis hangs", (Kind.DISORDER,), (TURN,)),
    Plant("a hole is filled with one entry", "pubsub killed", (Kind.SKIPPED, Kind.LOST), (HOLE,)),
    Plant("logs are trimmed too early", "node cut off", (Kind.GAP, Kind.LOST), (TRIM,)),
    Plant("nicks are not looked up", "calm", (Kind.NICK,), (NICK, HELD)),
    Plant(
        *("who has moved on is not told, and not fenced", "node hangs", (Kind.SESSION,)),
        edits=(FENCE, MOVED),
    ),
    Plant("there is no grace period", "clients abort", (Kind.SESSION,), (GRACE,)),
    Plant("who does not come back stays", "calm", (Kind.PRESENCE,), (REAP,)),
    Plant("a slow reader is written to", "slow reader", (Kind.MEMORY,), (SLOW,), 40.0),
]
