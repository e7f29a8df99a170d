"""No script takes more than 10 ms of Redis, whatever is in its way.

Seconds differ from machine to machine; what a script does does not. So it runs, on a real Redis,
with a ``redis.call`` that counts: commands, elements (each string or number in a reply, and what a
command deletes or copies without returning it), and bytes of these and of arguments. A figure for
each was measured on one core of a small server, with redis 7.0:

- a command of our scripts takes 3 us with the Lua around it: 55,000 commands of a reaper took
  152 ms (HGET alone 0.9 us, XADD 1.7 us);
- an element 0.5 us: 4,000 of HGETALL took 0.5 ms, 500 of XRANGE 0.2 ms, and the rest is for Lua,
  which looks at them;
- a byte 3 ns: 100 entries of 16 KB took 4.2 ms to read, 2 to append, and 9 to join to a frame.

``micros`` adds them up: somewhat more than it takes. Each script has a row for each input that is
bad for it, built of the most that there can be: 50 rooms each, 1100 entries of up to 16 KB in a
log that keeps 1000, 200 messages in a batch, and as many members, rooms, sessions, orders and nodes
as a large system has.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from node.brokers import (
    directory,
    history,
    janitor,
    keys,
    moderation_sync,
    publish_batch,
    scripts,
    seat_audit,
    seats,
    session_audit,
    told,
    upkeep,
)
from node.core.rooms import merge
from tests.support import slots
from tests.support.redis_server import RedisServer
from wire import limits

MOST = 10_000.0
"""Microseconds that a call may take."""

COUNTING = """
local counted, count = {0, 0, 0}, nil
local real, lengths = redis, {hash = 'HLEN', set = 'SCARD', zset = 'ZCARD', stream = 'XLEN'}
function count(value)
  if type(value) == 'table' then
    for _, part in ipairs(value) do count(part) end
  else
    counted[2] = counted[2] + 1
    if type(value) == 'string' then counted[3] = counted[3] + #value end
  end
end
local redis = {pcall = function(...)
  counted[1] = counted[1] + 1
  return real.pcall(...)
end, call = function(name, ...)
  counted[1] = counted[1] + 1
  for _, value in ipairs({...}) do counted[3] = counted[3] + (#tostring(value)) end
  if name == 'DEL' then
    for _, key in ipairs({...}) do
      local length = lengths[real.call('TYPE', key).ok]
      counted[2] = counted[2] + (length and real.call(length, key) or 0)
    end
  elseif name == 'SPUBLISH' then
    counted[3] = counted[3] + 2 * #select(2, ...)
  end
  local reply = real.call(name, ...)
  if name == 'XTRIM' then counted[2] = counted[2] + reply end
  count(reply)
  return reply
end}
local function body() %s
end
local reply = body()
count(reply)
return {counted[1], counted[2], counted[3], cjson.encode(reply)}
"""

FILL = """
local log, count, size, kind = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local text = string.rep('x', size)
local room = string.match(log, '^r:(.*)')
local key = room and 'chat:{' .. log .. '}' or 'chat:{c}:' .. log
local body = kind == 'm' and '"from":"ana","text":"' .. text .. '"}' or '"nick":"ana"}'
for n = 1, count do
  local head = kind .. ' id' .. n .. ' 1795486460000 -'
  redis.call('XADD', key .. ':log', n .. '-0', 'h', head, 'b', body)
end
redis.call('HSET', key, 'epoch', 'ep', 'top', count, 'id', 'id' .. count)
if room then
  redis.call('HSET', key, 'birth', 'b1', 'size', redis.call('HLEN', key .. ':seats'))
  redis.call('HSET', 'chat:{c}:births', room, 'b1')
  redis.call('ZADD', 'chat:{c}:rooms', 0, room)
end
"""
NOW = 1795486460000 + 400_000
"""The chat's time, in ms: ids of 400 s ago are too old to be repeated."""
HERE = 9e15
"""The end of a lease, or a time, that is far away."""
LONG, KEPT, FULL = 16_000, 1000, 1099
"""Bytes of a message; entries that are kept; a log in which the next entry trims a tenth."""
ROOMS = [f"p{number}" for number in range(limits.ROOMS)]
SET = (200, KEPT)
"""--notices and --history."""


class Cost(NamedTuple):
    """What a script has done."""

    commands: int
    elements: int
    bytes: int

    @property
    def micros(self) -> float:
        """About how long that takes."""
        return 3 * self.commands + 0.5 * self.elements + 0.003 * self.bytes


PROBE = (keys.probe_channel("0", "inc").decode(), "chat:{0}:never")


def declared_by(script: str, log: str, authors: Iterable[str]) -> Sequence[str]:
    """Return the keys that a script declares; ``log``: the one that it is about, if any."""
    names = scripts.key_names(script)
    others: dict[str, Sequence[str]] = {"mark": keys.MARK, "probe": PROBE}
    others |= {"time": [keys.never("0")], "waits": keys.waits("0")}
    if script in others or not names:
        return others.get(script, keys.CONTROL)
    return keys.of_log(log, names, authors)


class Bench:
    """A Redis with much in it."""

    def __init__(self, server: RedisServer, client: Any) -> None:
        self.client = client
        self.port = server.port
        self.runs: list[slots.Run] = []

    async def log(self, log: str, count: int = FULL, size: int = 100, kind: str = "m") -> None:
        """Fill a log."""
        await self.client.eval(FILL, 0, log, count, size, kind)

    async def session(self, sid: str, owner: str = "inc.1", **fields: Any) -> None:
        """Let a session be in no room."""
        about = {"owner": owner, "nick": sid, "fold": sid, "keyed": 1, "life": "op0", "gen": 1}
        about |= fields
        await self.client.hset("chat:{c}:session:" + sid, mapping=about)
        await self.client.hset("chat:{c}:nicks", sid, sid)
        if owner:
            await self.client.sadd("chat:{c}:at:" + owner.split(".")[0], sid)

    async def seated(self, sid: str, owner: str = "inc.1", **fields: Any) -> None:
        """Let a session be in as many rooms as it can."""
        await self.session(sid, owner, **fields)
        for room in ROOMS:
            await self.membership(sid, room, fields.get("nick", sid))

    async def membership(self, sid: str, room: str, nick: str) -> None:
        """Let a session be in a room."""
        key = "chat:{r:" + room + "}"
        await self.client.hset("chat:{c}:births", room, "b1")
        await self.client.hset("chat:{c}:rooms:" + sid, room, "b1")
        await self.client.hincrby("chat:{c}:counts", room, 1)
        await self.client.hset(key + ":seats", sid, f"1 op0 inc.1 ep-1-id1 {nick} {nick}")
        await self.client.zadd(key + ":members", {f"{nick}\0{nick}": 0})
        await self.client.hset(key, mapping={"size": await self.client.hlen(key + ":seats")})

    async def departed(self, sid: str, count: int = limits.ROOMS) -> None:
        """Let a session have left rooms that do not know it yet."""
        key, noted = "chat:{c}:out:" + sid, f'op0 kicked op1k7 b1 {sid} {sid} "{"why " * 50}"'
        await self.client.hset(key, mapping={f"{n} p{n}": noted for n in range(1, count + 1)})
        await self.client.zadd("chat:{c}:outs", {sid: 1})
        await self.client.sadd("chat:{c}:end:" + sid, sid, "look", "other")

    async def over(self, sid: str, inbox: int = 0, nick: str = "") -> None:
        """Let the grace period of a session in 50 rooms be over."""
        nick = nick or sid
        await self.seated(sid, owner="", was="dead.1", nick=nick, fold=nick)
        await self.client.hset("chat:{c}:nicks", nick, sid)
        await self.client.zadd("chat:{c}:grace", {sid: 1})
        if inbox:
            await self.log("i:" + sid, inbox, LONG)

    async def crowd(self, room: str, count: int = 5000) -> None:
        """Let many be in a room."""
        nicks = [f"member{number:05}" for number in range(count)]
        pipe = self.client.pipeline()
        key = "chat:{r:" + room + "}"
        seats: Any = {nick: f"1 op0 inc.1 ep-1-id1 {nick} {nick}" for nick in nicks}
        pipe.hset(key + ":seats", mapping=seats)
        pipe.zadd(key + ":members", {f"{nick}\0{nick}": 0 for nick in nicks})
        pipe.hset("chat:{c}:nicks", mapping={nick: nick for nick in nicks})
        pipe.hset("chat:{c}:births", room, "b1")
        pipe.hset("chat:{c}:counts", room, count)
        for nick in nicks:
            pipe.hset("chat:{c}:rooms:" + nick, room, "b1")
        await pipe.execute()

    async def rooms(self) -> None:
        """Make the rooms that a session can be in, each about to be trimmed."""
        for room in ROOMS:
            await self.log("r:" + room)

    async def nodes(self, count: int = 100) -> None:
        """Let so many nodes be there."""
        await self.client.zadd("chat:{c}:nodes", {f"node{number}": HERE for number in range(count)})

    async def directed(self, sid: str, count: int) -> None:
        """Let a session have sent directs with ids."""
        ids = {f"t{n}": f"{1795486460000 + n} i:p0 ep-{n}-id{n} p0" for n in range(count)}
        await self.client.hset("chat:{c}:sent:" + sid, mapping=ids)

    async def said(self, sid: str, count: int, at: int = 1795486460000, log: str = "r:tea") -> None:
        """Let a session have sent messages with ids to a room."""
        ids = {f"t{n}": f"{at + n} ep-{n}-id{n} {at + n}" for n in range(count)}
        await self.client.hset(f"chat:{{{log}}}:sent:{sid}", mapping=ids)
        await self.client.zadd(f"chat:{{{log}}}:sents", {sid: at})

    async def run(
        self, script: str, *args: Any, log: str = "r:tea", authors: Iterable[str] = ()
    ) -> Cost:
        """Run a script with the keys that it declares, if any, of a log; and count."""
        source = COUNTING.replace("%s", scripts.source(script))
        declared = declared_by(script, log, authors)
        async with slots.watching(self.port) as runs:
            *found, reply = await self.client.eval(source, len(declared), *declared, *args)
        self.runs += runs
        self.reply = reply.decode()
        return Cost(*found)


@pytest_asyncio.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """A Redis of one's own."""
    server = RedisServer(tmp_path)
    await server.start()
    try:
        async with server.client() as client:
            yield Bench(server, client)
    finally:
        await server.kill()


Run = Callable[[Bench], Any]
WORST: list[tuple[str, Run]] = []


def worst(script: str) -> Callable[[Run], Run]:
    """Register an input that is bad for a script."""

    def register(run: Run) -> Run:
        WORST.append((script, run))
        return run

    return register


@worst("adopt")
async def a_room_was_made_twice(bench: Bench) -> Cost:
    await bench.seated("ana")
    return await bench.run("adopt", "ana", "p0", "b1", "b2")


@worst("begin")
async def a_room_that_is_missing(bench: Bench) -> Cost:
    await bench.crowd("tea")
    return await bench.run("begin", "ep", "tea", "b1")


@worst("close")
async def a_large_room_is_closed(bench: Bench) -> Cost:
    await bench.nodes()
    await bench.crowd("tea")
    await bench.log("r:tea", size=LONG)
    return await bench.run("close", "op1", "tea", 86_400_000, '"why"')


@worst("direct")
async def a_direct_to_a_full_inbox(bench: Bench) -> Cost:
    await bench.session("ana")
    await bench.session("bo")
    await bench.log("i:bo", size=LONG)
    body = "x" * LONG
    return await bench.run("direct", "id1", "ana", "inc.1", "", "bo", '"to":"', body, KEPT)


@worst("direct")
async def a_direct_of_somebody_who_has_sent_much(bench: Bench) -> Cost:
    await bench.session("ana")
    await bench.session("bo")
    await bench.log("i:bo", size=LONG)
    await bench.directed("ana", 2001)
    body = "x" * LONG
    return await bench.run("direct", "id1", "ana", "inc.1", "new", "bo", '"to":"', body, KEPT)


@worst("drop")
async def a_large_room_is_deleted(bench: Bench) -> Cost:
    await bench.crowd("tea")
    await bench.log("r:tea", size=LONG)
    await bench.client.zadd("chat:{r:tea}:gone", {f"s{number}": 1 for number in range(2000)})
    return await bench.run("drop", "b1")


@worst("dropped")
async def many_rooms_are_deleted(bench: Bench) -> Cost:
    marks = {f"-p{number} b1": 1 for number in range(janitor.LISTED)}
    await bench.client.zadd("chat:{c}:outs", marks)
    return await bench.run("dropped", *marks)


@worst("compare")
async def a_log_of_which_a_node_knows_much(bench: Bench) -> Cost:
    await bench.log("r:tea", size=LONG)
    await moved_to(bench, "r:tea", range(1, FULL + 1))
    ids = [f"id{n}" for n in range(FULL + 1)] + [f"own{n}" for n in range(1250 - FULL - 1)]
    return await bench.run("compare", "r:tea", "ep", "br", 0, *ids)


async def moved_to(bench: Bench, log: str, offsets: range) -> None:
    """Let entries of a log have been put back there, each four times."""
    homes = " ".join(f"lost{n}-5 3" for n in range(4))
    key = "chat:{" + log + "}"
    await bench.client.hset(key + ":moved", mapping={f"id{n}": f"{n} {homes}" for n in offsets})
    await bench.client.hset(key, mapping={"moved": FULL, "branch": "br"})


HEADED = 12
"""Arguments of heal.lua before those of entries."""


def lost_entries(first: int, epoch: str, read: int) -> list[Any]:
    """Return the arguments of heal.lua for as many entries as one call has."""
    args: list[Any] = ["r:tea", KEPT, epoch, epoch, first - 1, f"id{first - 1}", read, f"id{read}"]
    args += ("new", NOW, "b1", 0)
    body = "x" * (merge.HEALED_BYTES // merge.HEALED)
    for n in range(first, first + merge.HEALED):
        args += ("m", f"lost{n}", 1795486460000, f"s{n}:t{n}", body, n, "", "")
    return args


@worst("heal")
async def entries_that_were_lost(bench: Bench) -> Cost:
    await bench.log("r:tea", size=LONG)
    await moved_to(bench, "r:tea", range(1, FULL + 1))
    return await bench.run("heal", *lost_entries(FULL + 1, "ep", FULL))


@worst("heal")
async def entries_that_were_lost_of_another_branch(bench: Bench) -> Cost:
    await bench.log("r:tea", size=LONG)
    await moved_to(bench, "r:tea", range(1, FULL + 1))
    return await bench.run("heal", *lost_entries(200, "other", FULL))


@worst("heal")
async def notices_that_were_lost(bench: Bench) -> Cost:
    await bench.log("r:tea", size=100)
    args = lost_entries(FULL + 1, "ep", FULL)
    for n, place in enumerate(range(HEADED, len(args), 8)):
        args[place], args[place + 3] = "elr"[n % 3], f"s{n % 9}/{n}/op{n % 2}/nick{n % 9}"
        args[place + 4] = f'"nick":"nick{n % 9}"}}'
    return await bench.run("heal", *args)


@worst("held")
async def ten_thousand_sessions_of_a_node(bench: Bench) -> Cost:
    pipe = bench.client.pipeline()
    pipe.sadd("chat:{c}:at:inc", *[f"s{number}" for number in range(10_000)])
    for number in range(10_000):
        pipe.hset(f"chat:{{c}}:session:s{number}", "owner", f"inc.{number}")
    await pipe.execute()
    return await bench.run("held", "inc", 0, session_audit.LISTED)


HELLO = ("hello", "op1", "ana", 1, "ana", "ana look other", 1, "inc.1", 50, HERE, 50, "::1")


@worst("hello")
async def a_session_begins_in_fifty_rooms(bench: Bench) -> Cost:
    await bench.rooms()
    return await bench.run(*HELLO, len(ROOMS), *ROOMS, "", "")


@worst("hello")
async def a_session_begins_in_fifty_new_rooms(bench: Bench) -> Cost:
    return await bench.run(*HELLO, len(ROOMS), *ROOMS, "", "")


@worst("hello")
async def a_session_begins_with_a_nick_that_another_is_losing(bench: Bench) -> Cost:
    await bench.rooms()
    await bench.over("a", 100, "ana")
    return await bench.run(*HELLO, len(ROOMS), *ROOMS, "", "")


@worst("hello")
async def a_session_goes_on_when_it_was_over(bench: Bench) -> Cost:
    await bench.rooms()
    await bench.over("ana", inbox=FULL)
    return await bench.run(*HELLO, len(ROOMS), *ROOMS, "", "")


@worst("hello")
async def a_session_goes_on_that_has_left_many_rooms(bench: Bench) -> Cost:
    await bench.seated("ana")
    await bench.departed("ana")
    return await bench.run(*HELLO, len(ROOMS), *ROOMS, "", "")


@worst("hello")
async def positions_that_no_log_knows(bench: Bench) -> Cost:
    await bench.log("i:ana", size=LONG)
    known = [f"q{number}" for number in range(limits.ROOMS)]
    return await bench.run(*HELLO, len(ROOMS), *ROOMS, "", "ep-5-id900", *known)


@worst("history")
async def a_page_before_a_position_that_is_unknown(bench: Bench) -> Cost:
    await bench.log("r:tea", size=LONG)
    return await bench.run("history", "r:tea", "before", "zz-5-zz", 1, history.PAGE_BYTES)


@worst("history")
async def a_page_of_long_messages(bench: Bench) -> Cost:
    await bench.log("r:tea", size=LONG)
    return await bench.run("history", "r:tea", "before", "", 200, history.PAGE_BYTES)


@worst("history")
async def a_page_of_a_log_without_messages(bench: Bench) -> Cost:
    await bench.log("r:tea", 100_000, kind="e")
    return await bench.run("history", "r:tea", "before", "", 200, history.PAGE_BYTES)


@worst("join")
async def a_session_joins_a_large_room(bench: Bench) -> Cost:
    await bench.session("ana")
    await bench.departed("ana")
    await bench.crowd("tea")
    return await bench.run("join", "op1", "ana", "inc.1", "join", "tea")


@worst("kick")
async def a_session_in_fifty_rooms_is_kicked(bench: Bench) -> Cost:
    await bench.nodes()
    await bench.rooms()
    await bench.seated("ana")
    await bench.log("i:ana", size=LONG)
    return await bench.run("kick", "op1", "ana", 0, '"why"', 600_000)


@worst("known")
async def a_position_that_a_log_has_trimmed(bench: Bench) -> Cost:
    await bench.log("r:tea", size=LONG)
    await moved_to(bench, "r:tea", range(1, FULL + 1))
    return await bench.run("known", "r:tea", "ep", 5, "zz")


@worst("leave")
async def a_session_leaves_a_room(bench: Bench) -> Cost:
    await bench.rooms()
    await bench.seated("ana")
    return await bench.run("leave", "op1", "ana", "inc.1", "p0")


@worst("mark")
async def a_node_shows_the_format_to_older_ones(bench: Bench) -> Cost:
    return await bench.run("mark", "2")


@worst("mayheal")
async def a_room_whose_log_is_lost(bench: Bench) -> Cost:
    await bench.nodes()
    return await bench.run("mayheal", "tea", "b1")


@worst("members")
async def a_page_of_members(bench: Bench) -> Cost:
    await bench.crowd("tea")
    return await bench.run("members", "member00500", directory.PAGE)


@worst("named")
async def rooms_know_the_nick_of_a_session(bench: Bench) -> Cost:
    names = [f"name{number}" for number in range(50)]
    await bench.session("ana", old=" ".join(names))
    await bench.client.hset("chat:{c}:nicks", mapping=dict.fromkeys(names, "ana"))
    return await bench.run("named", "ana", 1)


@worst("nick")
async def a_session_in_fifty_rooms_is_renamed(bench: Bench) -> Cost:
    await bench.rooms()
    await bench.seated("ana")
    await bench.over("a", 100, "bo")
    return await bench.run("nick", "op1", "ana", "inc.1", "bo", "bo look other", HERE)


@worst("order")
async def an_order_among_many_nodes(bench: Bench) -> Cost:
    await bench.nodes()
    return await bench.run("order", "op1", "net:192.0.2.0/24", 0, '"why"')


async def many_orders(bench: Bench, till: float = 0) -> None:
    """Let there be thousands of orders."""
    row = f'{till:.0f} - "{"why " * 50}"'
    rows = {f"net:10.{n >> 8}.{n & 255}.0/24": row for n in range(10_000)}
    await bench.client.hset("chat:{c}:orders", mapping=rows)


@worst("orders")
async def thousands_of_orders(bench: Bench) -> Cost:
    await many_orders(bench)
    return await bench.run("orders", 0, moderation_sync.LISTED)


@worst("orders")
async def thousands_of_orders_that_are_over(bench: Bench) -> Cost:
    await many_orders(bench, till=1)
    return await bench.run("orders", 0, moderation_sync.LISTED)


@worst("outs")
async def many_sessions_have_left_fifty_rooms(bench: Bench) -> Cost:
    for number in range(janitor.LISTED):
        await bench.departed(f"s{number}")
    return await bench.run("outs", 0, janitor.LISTED, 0)


@worst("outs")
async def many_rooms_are_to_be_deleted(bench: Bench) -> Cost:
    marks = {f"-p{number} b1": 1 for number in range(janitor.LISTED)}
    await bench.client.zadd("chat:{c}:outs", marks)
    return await bench.run("outs", 0, janitor.LISTED, 0)


@worst("outdone")
async def rooms_know_that_sessions_have_ended(bench: Bench) -> Cost:
    few = (told.ENOUGH - limits.ROOMS) // told.MOST
    counts = {f"s{number}": few for number in range(told.MOST - 1)} | {"s": limits.ROOMS}
    done: list[Any] = []
    for sid, count in counts.items():
        await bench.departed(sid, count)
        for name in (sid, "look", "other"):
            await bench.client.hset("chat:{c}:nicks", name, sid)
        rooms = [part for n in range(1, count + 1) for part in (n, f"p{n}")]
        done += (sid, count, *rooms)
    return await bench.run("outdone", *done)


@worst("part")
async def a_session_in_fifty_rooms_ends(bench: Bench) -> Cost:
    await bench.rooms()
    await bench.seated("ana")
    await bench.log("i:ana", size=LONG)
    return await bench.run("part", "op1", "ana", "inc.1", "quit", 30_000)


@worst("probe")
async def a_node_looks_whether_it_hears(bench: Bench) -> Cost:
    return await bench.run("probe", "shard 0")


@worst("time")
async def a_node_compares_clocks(bench: Bench) -> Cost:
    return await bench.run("time")


async def said(bench: Bench, *messages: tuple[Any, ...], look: str = "") -> Cost:
    """Publish messages to the room `tea`."""
    args = ["tea", KEPT, NOW, "ep", FULL, f"id{FULL}", look]
    args += [part for row in messages for part in row]
    return await bench.run("publish", *args, authors={row[1] for row in messages if row[3]})


@worst("publish")
async def a_batch_of_two_hundred_authors(bench: Bench) -> Cost:
    await bench.log("r:tea", size=LONG)
    body = "x" * (publish_batch.BYTES // publish_batch.MOST)
    for n in range(publish_batch.MOST):
        await bench.membership(f"s{n}", "tea", f"s{n}")
    rows = [(f"new{n}", f"s{n}", "inc.1", "1", body) for n in range(publish_batch.MOST)]
    return await said(bench, *rows)


@worst("publish")
async def a_batch_of_authors_who_have_sent_much(bench: Bench) -> Cost:
    await bench.log("r:tea", size=100)
    for n in range(publish_batch.MOST):
        await bench.membership(f"s{n}", "tea", f"s{n}")
        await bench.said(f"s{n}", 2001, at=NOW)
    for n in range(3):
        await bench.said(f"old{n}", 2000)
    return await said(bench, *[(f"new{n}", f"s{n}", "inc.1", "1", "x") for n in range(200)])


@worst("publish")
async def a_batch_is_repeated(bench: Bench) -> Cost:
    await bench.log("r:tea", size=LONG)
    await bench.membership("ana", "tea", "ana")
    rows = [(f"new{n}", "ana", "inc.1", "", "x" * 1000) for n in range(publish_batch.MOST)]
    return await said(bench, *rows, look="ep-0")


@worst("publish")
async def a_batch_with_the_ids_of_long_messages(bench: Bench) -> Cost:
    await bench.log("r:tea", size=LONG)
    await bench.membership("ana", "tea", "ana")
    await bench.said("ana", publish_batch.MOST + 1, at=NOW)
    rows = [(f"new{n}", "ana", "inc.1", f"t{n}", "x") for n in range(1, publish_batch.MOST + 1)]
    return await said(bench, *rows)


@worst("raise")
async def a_room_knows_a_later_generation(bench: Bench) -> Cost:
    await bench.session("ana")
    return await bench.run("raise", "ana", "inc.1", 9 * 10**15)


@worst("read")
async def a_log_is_read_from_its_beginning(bench: Bench) -> Cost:
    await bench.log("r:tea", size=1000)
    return await bench.run("read", "r:tea", "ep", 0, "0", 200)


async def dead(bench: Bench, count: int, keyed: int) -> None:
    """Let a node have died with sessions in 50 rooms each."""
    await bench.rooms()
    for number in range(count):
        await bench.seated(f"s{number}", "dead.1", keyed=keyed)
    await bench.client.zadd("chat:{c}:nodes", {"dead": 1})


REAP = ("reap", "op1", 30_000, 86_400_000, 100, HERE)


@worst("read")
async def a_log_of_long_messages_is_read(bench: Bench) -> Cost:
    await bench.log("r:tea", size=LONG)
    return await bench.run("read", "r:tea", "ep", 0, "0", 200)


@worst("read")
async def a_log_does_not_hold_a_position(bench: Bench) -> Cost:
    await bench.log("r:tea", size=LONG)
    return await bench.run("read", "r:tea", "zz", 5, "zz", 100)


@worst("reap")
async def a_node_has_died(bench: Bench) -> Cost:
    await dead(bench, 120, keyed=1)
    return await bench.run(*REAP)


@worst("reap")
async def a_node_has_died_with_sessions_without_keys(bench: Bench) -> Cost:
    await dead(bench, 20, keyed=0)
    return await bench.run(*REAP)


@worst("reap")
async def many_sessions_are_over(bench: Bench) -> Cost:
    await bench.rooms()
    for number in range(100):
        await bench.over(f"s{number}")
    return await bench.run(*REAP)


@worst("reap")
async def many_sessions_with_full_inboxes_are_over(bench: Bench) -> Cost:
    for number in range(10):
        await bench.session(f"s{number}", owner="", was="dead.1")
        await bench.log(f"i:s{number}", size=4000)
    await bench.client.zadd("chat:{c}:grace", {f"s{number}": 1 for number in range(10)})
    return await bench.run(*REAP)


@worst("reap")
async def many_rooms_are_unused(bench: Bench) -> Cost:
    await bench.rooms()
    await bench.client.zadd("chat:{c}:idle", {room: 1 for room in ROOMS})
    return await bench.run(*REAP)


@worst("recall")
async def an_order_among_many_nodes_is_taken_back(bench: Bench) -> Cost:
    await bench.nodes()
    await many_orders(bench)
    return await bench.run("recall", "op1", "net:10.0.0.0/24")


@worst("renew")
async def a_node_with_many_sessions_renews_its_lease(bench: Bench) -> Cost:
    await bench.client.sadd("chat:{c}:at:inc", *[f"s{number}" for number in range(10_000)])
    return await bench.run("renew", "inc", 8000, 1, "k1", 7, "{}", *SET)


@worst("reorder")
async def many_orders_are_put_back(bench: Bench) -> Cost:
    await bench.nodes()
    args = [part for n in range(moderation_sync.LISTED) for part in (f"net:{n}", 0, "-", '"why"')]
    return await bench.run("reorder", "op1", 7, *args)


@worst("reorder")
async def many_kicks_are_put_back(bench: Bench) -> Cost:
    await bench.nodes()
    await bench.rooms()
    for number in range(10):
        await bench.seated(f"s{number}")
    args = [part for n in range(10) for part in (f"kick:s{n}", 0, "-", '"why"')]
    return await bench.run("reorder", "op1", 7, *args)


@worst("reorder")
async def closed_rooms_are_put_back(bench: Bench) -> Cost:
    for number in range(4):
        await bench.crowd(f"tea{number}")
        await bench.log(f"r:tea{number}")
    args = [part for n in range(4) for part in (f"room:tea{n}", 0, "b1", "")]
    return await bench.run("reorder", "op1", 7, *args)


@worst("restore")
async def a_session_in_other_rooms_is_put_back(bench: Bench) -> Cost:
    await bench.rooms()
    await bench.seated("ana")
    await bench.departed("ana")
    rooms = [part for n in range(limits.ROOMS) for part in (f"q{n}", "b1")]
    args = ("op1", "ana", "inc.1", "inc.2", 1, "bo", "bo look other", 1, int(HERE), 1, 0)
    return await bench.run("restore", *args, "op0", 1, *rooms)


@worst("retire")
async def a_node_retires(bench: Bench) -> Cost:
    await bench.nodes()
    return await bench.run("retire", "node1")


@worst("rooms")
async def a_page_of_rooms(bench: Bench) -> Cost:
    names = [f"room{number:06}" for number in range(100_000)]
    await bench.client.zadd("chat:{c}:rooms", dict.fromkeys(names, 0))
    await bench.client.hset("chat:{c}:births", mapping=dict.fromkeys(names, "b1"))
    await bench.client.hset("chat:{c}:counts", mapping=dict.fromkeys(names, 7))
    return await bench.run("rooms", "room000500", directory.PAGE)


@worst("seats")
async def a_page_of_seats(bench: Bench) -> Cost:
    await bench.crowd("tea")
    return await bench.run("seats", 0, seat_audit.LISTED)


@worst("sent")
async def a_message_of_somebody_who_has_sent_much(bench: Bench) -> Cost:
    await bench.log("r:tea", size=LONG)
    await bench.said("ana", 2001, at=NOW)
    return await bench.run("sent", "r:tea", "ana", "t5", NOW, authors=["ana"])


async def settled(bench: Bench, *items: tuple[Any, ...], others: bool = False) -> Cost:
    """Settle seats of the room `tea`."""
    args = [part for row in items for part in row]
    return await bench.run("settle", "tea", "b1", "ep2", *SET, int(others), 0, *args)


def decided(number: int, nick: str, want: str = "in", gen: int = 2) -> tuple[Any, ...]:
    """Return what settle.lua is told of one of a crowd."""
    sid = f"member{number:05}"
    return (sid, gen, "op0", want, f"op1j{number}", '"why"', nick, nick, "inc.1", "")


MANY = range(seats.MOST)


@worst("settle")
async def a_hundred_enter_a_room(bench: Bench) -> Cost:
    await bench.log("r:tea", size=LONG)
    return await settled(bench, *[decided(number, f"nick{number}") for number in MANY])


@worst("settle")
async def a_hundred_are_renamed(bench: Bench) -> Cost:
    await bench.crowd("tea", SET[0])
    await bench.log("r:tea", size=LONG)
    return await settled(bench, *[decided(number, f"nick{number}") for number in MANY])


@worst("settle")
async def a_hundred_are_renamed_in_a_room_whose_log_tells_other_nicks_of_many(bench: Bench) -> Cost:
    await bench.crowd("tea", SET[0])
    await bench.log("r:tea", size=LONG)
    renames = "".join(f"{'x' * 32}{number} member{number:05} " for number in range(1000))
    await bench.client.hset("chat:{r:tea}", mapping={"renames": renames})
    return await settled(bench, *[decided(number, f"nick{number}") for number in MANY])


@worst("settle")
async def a_hundred_leave_a_room_whose_seats_were_lost_in_part(bench: Bench) -> Cost:
    await bench.crowd("tea", SET[0])
    await bench.log("r:tea", size=LONG)
    await bench.client.hset("chat:{r:tea}", mapping={"bare": 1})
    return await settled(bench, *[decided(number, "", "left") for number in MANY])


@worst("settle")
async def a_hundred_have_left_a_room_already(bench: Bench) -> Cost:
    await bench.crowd("tea", SET[0])
    await bench.log("r:tea", size=1000)
    rows = [decided(number, "", "left") for number in MANY]
    await settled(bench, *rows)
    return await settled(bench, *rows)


@worst("settle")
async def a_hundred_begin_another_life(bench: Bench) -> Cost:
    await bench.crowd("tea", SET[0] - 1)
    await bench.log("r:tea", size=LONG)
    rows = [decided(number, f"nick{number}") for number in MANY]
    return await settled(bench, *[(*row[:2], "op9", *row[3:]) for row in rows])


@worst("settle")
async def a_hundred_enter_a_large_room_under_nicks_that_others_have(bench: Bench) -> Cost:
    await bench.crowd("tea")
    await bench.log("r:tea", size=LONG)
    rows = [decided(9000 + number, f"member{number:05}") for number in MANY]
    return await settled(bench, *rows, others=True)


@worst("standing")
async def a_session_in_fifty_rooms(bench: Bench) -> Cost:
    await bench.seated("ana")
    return await bench.run("standing", "ana", "inc.1")


@worst("tail")
async def the_newest_entries(bench: Bench) -> Cost:
    await bench.log("r:tea", size=1000)
    return await bench.run("tail", "r:tea", 100)


@worst("tail")
async def the_newest_entries_are_long(bench: Bench) -> Cost:
    await bench.log("r:tea", size=LONG)
    return await bench.run("tail", "r:tea", 100)


@worst("tidy")
async def much_is_stored_with_a_time(bench: Bench) -> Cost:
    """As after Redis' clock was set back by a year: all is too far ahead, and many ids are over."""
    late = {f"s{number}": HERE for number in range(1000)}
    for key in ("chat:{c}:nodes", "chat:{c}:grace", "chat:{c}:idle"):
        await bench.client.zadd(key, late)
    await bench.client.zadd("chat:{c}:sents", dict.fromkeys(late, 1))
    for number in range(1000):
        await bench.client.hset(f"chat:{{c}}:sent:s{number}", "", "1795486460000 i:p0 ep-5-id5 p0")
    return await bench.run("tidy", 8000, 30_000, int(HERE), upkeep.TIDIED)


@worst("top")
async def a_log_has_lost_its_hash(bench: Bench) -> Cost:
    await bench.log("r:tea", size=LONG)
    await bench.client.delete("chat:{r:tea}")
    return await bench.run("top", "r:tea", "ep")


@worst("top")
async def a_large_room_has_lost_a_part_of_its_list_of_members(bench: Bench) -> Cost:
    await bench.crowd("tea")
    await bench.log("r:tea", size=LONG)
    await bench.client.zremrangebyrank("chat:{r:tea}:members", 0, 0)
    return await bench.run("top", "r:tea", "ep")


@worst("verify")
async def a_page_of_seats_is_looked_at(bench: Bench) -> Cost:
    args: list[Any] = []
    for number in range(seat_audit.LISTED + 50):
        await bench.session(f"s{number}", life="op1")
        args += (f"s{number}", "op0", 1)
    return await bench.run("verify", "tea", "b1", *args)


@worst("look")
async def redis_tells_how_it_keeps_its_data(bench: Bench) -> Cost:
    return await bench.run("look")


@worst("waits")
async def replicas_are_waited_for(bench: Bench) -> Cost:
    return await bench.run("waits")


def test_every_script_has_a_worst_input() -> None:
    assert scripts.names() == {script for script, _ in WORST}


def row(script: str, run: Run) -> Any:
    """Return the parameters for an input, by its name."""
    return pytest.param(script, run, id=f"{script}-{run.__name__}")


@pytest.mark.parametrize(("script", "run"), [row(*each) for each in WORST])
async def test_no_call_takes_longer_than_ten_milliseconds(
    script: str, run: Run, bench: Bench
) -> None:
    cost: Cost = await run(bench)
    assert cost.commands > 0 and cost.micros <= MOST, cost
    assert bench.runs and slots.all_faults(bench.runs) == []
