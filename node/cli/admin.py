"""`chat-node admin` and `chat-node status`: moderation, and the state of the whole system."""

import argparse
import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from node.brokers import connect
from node.brokers.admin_client import AdminClient, NodeRow
from node.brokers.malformed import Malformed
from node.brokers.server_clients import Trouble
from node.brokers.status_client import StatusClient, trouble_text
from node.cli import arguments, tables
from node.config import redis_url
from node.config.command_line import PROGRAM
from node.config.options import variables
from wire import environment
from wire.arguments import Parser
from wire.messages import DEFAULT_ROOM
from wire.text import escape

MODERATION = f"{PROGRAM} admin"


def main(argv: Sequence[str], program: str = MODERATION) -> int:
    """Run a command; return the exit status: 0 done, 1 failed, 2 bad arguments."""
    for warning in environment.warnings(os.environ, ("CHAT_REDIS_URL",), variables()):
        _complain(warning)
    parser = make_parser(program)
    chosen = parser.parse_args(argv)
    if "who" in chosen and chosen.who is None and chosen.address is None:
        parser.error("give a NICK, or a network with --address")
    if chosen.redis_url.is_memory:
        _complain(
            "the broker is memory://, which is embedded in the node's process and cannot be reached"
            " from outside; give the URL of the nodes' Redis with --redis-url or CHAT_REDIS_URL"
        )
        return 2
    try:
        return asyncio.run(_do(chosen))
    except KeyboardInterrupt:
        return 130


async def _do(chosen: argparse.Namespace) -> int:
    try:
        async with StatusClient(connect.to(chosen.redis_url)) as moderator:
            try:
                await moderator.check()
                done: bool = await chosen.run(moderator, chosen)
            except Trouble:
                if chosen.run is _status and not chosen.json:
                    await _show_shards(moderator)
                raise
            return 0 if done else 1
    except Malformed as error:
        _complain(f"Redis holds data that no node has written ({error})")
        return 1
    except Trouble as trouble:
        _complain(trouble_text(trouble, chosen.redis_url))
        return 1


def _complain(text: str) -> None:
    print(f"{PROGRAM}: {text}", file=sys.stderr)


# The command line

Run = Callable[[StatusClient, argparse.Namespace], Awaitable[bool]]


def make_parser(program: str = MODERATION) -> argparse.ArgumentParser:
    """Return the parser of `chat-node admin`, or of `chat-node` with the only action `status`."""
    common = Parser(add_help=False)
    _add_redis(common, argparse.SUPPRESS)
    parser = Parser(
        program,
        description="Moderate, and show the whole system, through the nodes' Redis. The exit"
        " status is 0 for success, 1 for failure, 2 for bad arguments.",
    )
    # In front of the action, too: there its value, which may hold a password, would be taken for
    # the action, and repeated in the error.
    _add_redis(parser, environment.settings(os.environ).get("CHAT_REDIS_URL", redis_url.MEMORY))
    actions = parser.add_subparsers(metavar="ACTION", required=True)

    def action(name: str, help: str, run: Run, *flags: str) -> argparse.ArgumentParser:
        about = f"{help[0].upper()}{help[1:]}."
        made = actions.add_parser(name, help=help, description=about, parents=[common])
        made.set_defaults(run=run)
        for flag in flags:
            made.add_argument(flag, **arguments.ARGUMENTS[flag])
        return made

    action(
        "status", "show the whole system: nodes, versions, clients, rooms, lag", _status, "--json"
    )
    if program == PROGRAM:
        return parser
    action("nodes", "list the nodes", _nodes, "--json")
    action("sessions", "list the sessions", _sessions, "--room", "--json")
    action("kick", "end the session of a nick", _kick, "nick", "--reason")
    action("ban", "ban a nick or a network", _ban, "who", "--address", "--for", "--reason")
    action("unban", "lift a ban", _unban, "who", "--address")
    action("bans", "list the bans", _bans, "--json")
    action("close-room", "put all members out of a room, and remove it", _close, "room", "--reason")
    action("announce", "send an announcement to all connected clients", _announce, "text", "--room")
    return parser


def make_status_parser() -> argparse.ArgumentParser:
    """Return the parser of `chat-node status`."""
    [actions] = [
        action
        for action in make_parser(PROGRAM)._actions
        if isinstance(action, argparse._SubParsersAction)
    ]
    parser: argparse.ArgumentParser = actions.choices["status"]
    return parser


def _add_redis(parser: argparse.ArgumentParser, default: str) -> None:
    parser.add_argument(
        "--redis-url",
        metavar="URL",
        type=arguments.reader(redis_url.parse, redis_url.EXPECTED, redis_url.hide, explains=True),
        default=default,
        help="the nodes' Redis (environment: CHAT_REDIS_URL)",
    )


# Commands that show something


async def _status(moderator: StatusClient, chosen: argparse.Namespace) -> bool:
    nodes, totals = await moderator.all_nodes(), await moderator.totals()
    shards, now = await moderator.shards(), await moderator.faults()
    # What nodes report may be a minute old, and over; it is better than nothing.
    faults = tables.reported(nodes) if now is None else sorted(now)
    faults = sorted({*faults, *(fault for shard in shards for fault in shard.faults)})
    if chosen.json:
        clients, sizes = tables.clients(nodes, totals), msgspec.structs.asdict(totals)
        found: dict[str, Any] = {"nodes": _flat(nodes), "clients": clients, **sizes}
        _print_json({**found, "shards": shards, "faults": faults})
        return True
    print(tables.nodes(nodes, time.time()))
    if shards:
        print("\n" + tables.shards(shards))
    print("\n" + tables.totals(nodes, totals))
    if faults:
        print("\n" + tables.faults(faults))
    return True


async def _show_shards(moderator: StatusClient) -> None:
    """Show the shards of a cluster if that with the sessions, which knows all the rest, is away."""
    with contextlib.suppress(Trouble):
        if shards := await moderator.shards(counts_rooms=False):
            print(tables.shards(shards))


async def _nodes(moderator: StatusClient, chosen: argparse.Namespace) -> bool:
    nodes = await moderator.all_nodes()
    if chosen.json:
        _print_json(_flat(nodes))
    else:
        print(tables.nodes(nodes, time.time()))
    return True


def _flat(nodes: Sequence[NodeRow]) -> list[dict[str, Any]]:
    asdict = msgspec.structs.asdict
    return [
        {
            **asdict(node.facts),
            "alive": node.alive,
            "silent": node.silent,
            "since": node.since,
            "id": node.incarnation,
        }
        for node in nodes
    ]


async def _sessions(moderator: AdminClient, chosen: argparse.Namespace) -> bool:
    if chosen.room is not None and not await moderator.has_room(chosen.room):
        return _no_room(chosen.room)
    found = [row async for row in moderator.sessions(chosen.room)]
    found.sort(key=lambda row: row.nick)
    if chosen.json:
        _print_json(found)
    else:
        print(tables.sessions(found, time.time()))
    return True


async def _bans(moderator: AdminClient, chosen: argparse.Namespace) -> bool:
    bans = await moderator.bans()
    if chosen.json:
        rows = []
        for ban in bans:
            until = None if ban.until == float("inf") else int(ban.until * 1000)
            rows.append({ban.kind: ban.what, "until": until, "reason": ban.why})
        _print_json(rows)
    else:
        print(tables.bans(bans, time.time()))
    return True


def _print_json(found: Any) -> None:
    print(msgspec.json.format(msgspec.json.encode(found)).decode())


# Commands that change something


async def _kick(moderator: AdminClient, chosen: argparse.Namespace) -> bool:
    nick, fold = chosen.nick
    kicked = await moderator.kick(fold, chosen.reason or "")
    if kicked is None:
        _complain(f"there is no session with the nick {nick}")
        return False
    print(f"{kicked} was kicked.")
    return True


async def _ban(moderator: AdminClient, chosen: argparse.Namespace) -> bool:
    how_long = f"for {tables.span(chosen.seconds)}" if chosen.seconds else "until lifted"
    if chosen.who is not None:
        nick, fold = chosen.who
        why, kept = await _why(moderator, "nick", fold, chosen.reason)
        kicked = await moderator.ban_nick(fold, chosen.seconds, why)
        also = f", and {kicked} was kicked" if kicked else "; no session uses it now"
        print(f"The nick {nick} is banned {how_long}{also}.{kept}")
    if chosen.address is not None:
        why, kept = await _why(moderator, "net", chosen.address, chosen.reason)
        await moderator.ban_network(chosen.address, chosen.seconds, why)
        print(f"{chosen.address} is banned {how_long}; sessions from it are being ended.{kept}")
    return True


async def _why(moderator: AdminClient, kind: str, what: str, given: str | None) -> tuple[str, str]:
    """Return the reason of a ban, and what to say about one that was not given.

    A ban that is set again, as for another time, keeps its reason unless a new one is given.
    """
    if given is not None:
        return given, ""
    earlier = [ban.why for ban in await moderator.bans() if (ban.kind, ban.what) == (kind, what)]
    why = earlier[0] if earlier else ""
    return why, why and f" Its reason is still: {escape(why)}"


async def _unban(moderator: AdminClient, chosen: argparse.Namespace) -> bool:
    done = True
    bans = []
    if chosen.who is not None:
        bans.append((chosen.who[0], "nick:" + chosen.who[1]))
    if chosen.address is not None:
        bans.append((chosen.address, "net:" + chosen.address))
    for what, field in bans:
        if await moderator.unban(field):
            print(f"{what} is not banned any more.")
        else:
            _complain(f"{what} is not banned; to list the bans: chat-node admin bans")
            done = False
    return done


async def _close(moderator: AdminClient, chosen: argparse.Namespace) -> bool:
    if chosen.room == DEFAULT_ROOM:
        _complain(f"{DEFAULT_ROOM} always exists and cannot be closed; kick or ban users instead")
        return False
    members = await moderator.close(chosen.room, chosen.reason or "")
    if members is None:
        return _no_room(chosen.room)
    print(f"{chosen.room} is closed; {tables.count(members, 'member')} had to leave.")
    return True


async def _announce(moderator: AdminClient, chosen: argparse.Namespace) -> bool:
    if chosen.room is not None and not await moderator.has_room(chosen.room):
        return _no_room(chosen.room)
    heard = await moderator.announce(chosen.text, chosen.room)
    if not heard:
        _complain("no node is running")
        return False
    print(f"Announced by {tables.count(heard, 'node')}.")
    return True


def _no_room(room: str) -> bool:
    _complain(f"there is no room called {room}")
    return False
