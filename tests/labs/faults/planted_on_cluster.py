"""Bugs to plant into nodes over a Redis Cluster, as planted.py does with others.

`python -m tests.labs.faults --cluster --planted` plants each of them. Two stand for others. A room
cannot read the slot of sessions: a fence that is taken from there is one that the room does not
have. A script about a room names all keys that it touches, and some of these are missing nearly
always: it is the scripts about sessions that need the key which nobody writes.
"""

from tests.labs.faults.planted import FENCE, LUA, Edit, Plant
from tests.labs.faults.verdict import Kind

FREED = Edit(
    LUA + "parts/outs.lua",
    "if redis.call('EXISTS', 'chat:{c}:out:' .. sid) == 1 then\n    for name",
    "if false then\n    for name",
)
GONE = Edit(
    LUA + "parts/settle.lua",
    "redis.call('ZADD', key .. ':gone', int(math.max(item.gone or 0, item.gen)), item.sid)",
    "",
)
EARLY = Edit(
    "node/brokers/claiming.py",
    "        self._gen = found.gen\n",
    "        self._gen = found.gen\n"
    "        known = {log: str(position) for log, position in self._claim.known}\n"
    "        if greeted.rows and all('r:' + row.room in known for row in greeted.rows):\n"
    "            done, self._done = self._done, lambda reply: None\n"
    "            done(Claimed(greeted.resumed, greeted.nick, greeted.claim, greeted.inbox,\n"
    "                greeted.refused, [Membership(row.room, known['r:' + row.room], row.members,\n"
    "                False, False, row.birth, False) for row in greeted.rows]))\n",
)
HASTY = Edit(
    "node/brokers/seat_audit.py",
    "next((log for log in self._due if not context.unhealed(log)), None)",
    "next(iter(self._due), None)",
)
SURE = Edit(
    "node/brokers/seat_audit.py", "not self._is_steady() or context.unhealed(name)", "False"
)
DEAF = Edit("node/brokers/subscriber.py", "if not ends and channel in self._asked:", "if False:")
LEFT = Edit(
    "node/brokers/subscriptions.py",
    "for number, subscriber in enumerate(self.all):",
    "for number, subscriber in enumerate([]):",
)
OWN = Edit(
    "node/brokers/janitor.py",
    "        if self._left:\n            self._again = wait_ms\n            return\n",
    "        return\n",
)
UNGUARDED = Edit(
    "node/brokers/keys.py",
    'CONTROL = (FORMAT, "chat:{c}:never")',
    "CONTROL = (FORMAT, FORMAT)",
)

CLUSTER_PLANTS = [
    Plant("names are free at once", "room master lost", (Kind.NICK,), (FREED,)),
    Plant("no tombstones", "node stops for 70 s", (Kind.PRESENCE,), (GONE,), 40.0),
    Plant(
        *("a welcome comes before the seats", "cut off from a shard", (Kind.SESSION,)),
        edits=(EARLY,),
        seconds=30.0,
    ),
    Plant(
        *("seats are settled before their log is healed", "shards rolled back", (Kind.PRESENCE,)),
        edits=(HASTY, SURE),
        seconds=60.0,
    ),
    Plant("an end nobody asked for is ignored", "rooms move", (Kind.LATE,), (DEAF, LEFT)),
    Plant("outs are not done by others", "node dies between steps", (Kind.PRESENCE,), (OWN,), 40.0),
    Plant(
        *("sessions have no guard key", "rooms and sessions move", (Kind.SESSION, Kind.PRESENCE)),
        edits=(UNGUARDED,),
    ),
    Plant(
        *("a room has no fence of its own", "cut off from a shard", (Kind.SESSION,)),
        edits=(FENCE,),
        seconds=30.0,
    ),
]
