"""`chat-node admin` and `chat-node status`: moderation, and a look at the whole system."""

import argparse
import asyncio
import os
import re
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_network
from typing import Any

import msgspec

from node.brokers import connect
from node.brokers.admin_client import AdminClient, NodeRow, Trouble
from node.brokers.malformed import Malformed
from node.cli import tables
from node.config import redis_url
from node.config.settings import PROGRAM
from node.core.names import names
from wire import text as texts
from wire.arguments import Parser
from wire.messages import DEFAULT_ROOM

REASON_MOST = 400
"""Longest reason in bytes: a sentence or two, told to all who see somebody go."""
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def main(argv: Sequence[str], program: str = "chat-node admin") -> int:
    """Do what the command line says; return the exit status: 0 done, 1 not possible, 2 unclear."""
    parser = _parser(program)
    chosen = parser.parse_args(argv)
    if "who" in chosen and chosen.who is None and chosen.address is None:
        parser.error("name a NICK, or a network with --address")
    if chosen.redis_url.is_memory:
        _complain(
            "the broker is memory://, the embedded one, which lives inside its process and cannot"
            " be reached from here; name the nodes' Redis with --redis-url or CHAT_REDIS_URL"
        )
        return 2
    try:
        return asyncio.run(_do(chosen))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `| head` has seen enough; what Python still has is for nobody
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


async def _do(chosen: argparse.Namespace) -> int:
    try:
        async with AdminClient(connect.to(chosen.redis_url)) as moderator:
            await moderator.check()
            done: bool = await chosen.run(moderator, chosen)
            sys.stdout.flush()
            return 0 if done else 1
    except Malformed as error:
        _complain(f"Redis holds what no node has written ({error})")
        return 1
    except Trouble as trouble:
        _complain(str(trouble))
        return 1


def _complain(text: str) -> None:
    print(f"{PROGRAM}: {text}", file=sys.stderr)


# The command line

Run = Callable[[AdminClient, argparse.Namespace], Awaitable[bool]]


def _parser(program: str) -> argparse.ArgumentParser:
    common = Parser(add_help=False)
    common.add_argument(
        "--redis-url",
        metavar="URL",
        type=_reader(redis_url.parse, redis_url.TAKES, redis_url.hide),
        default=os.environ.get("CHAT_REDIS_URL") or redis_url.MEMORY,
        help="the nodes' Redis (environment: CHAT_REDIS_URL)",
    )
    parser = Parser(
        program,
        description="Moderation and a look at the whole system, through the nodes' Redis. The exit"
        " status is 0 when it is done, 1 when it is not possible, 2 when it is not clear.",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)

    def action(name: str, help: str, run: Run, *flags: str) -> argparse.ArgumentParser:
        made = actions.add_parser(name, help=help, description=help, parents=[common])
        made.set_defaults(run=run)
        for flag in flags:
            made.add_argument(flag, **_FLAGS[flag])
        return made

    action(
        "status", "show the whole system: nodes, versions, clients, rooms, lag", _status, "--json"
    )
    if program == PROGRAM:
        return parser
    action("nodes", "list the nodes", _nodes, "--json")
    action("sessions", "list who is there", _sessions, "--room", "--json")
    action("kick", "end somebody's session", _kick, "nick", "--reason")
    action("ban", "keep a nick or a network out", _ban, "who", "--address", "--for", "--reason")
    action("unban", "let a nick or a network in again", _unban, "who", "--address")
    action("bans", "list the bans", _bans, "--json")
    action("close-room", "put everybody out of a room, and remove it", _close, "room", "--reason")
    action("announce", "say something to everybody who is connected", _announce, "text", "--room")
    return parser


def _reader(
    read: Callable[[str], Any], takes: str, show: Callable[[str], str] = str
) -> Callable[[str], Any]:
    def reader(text: str) -> Any:
        try:
            return read(text)
        except names.BadName as error:
            raise argparse.ArgumentTypeError(f"got {text!a}: {error}") from None
        except ValueError:
            raise argparse.ArgumentTypeError(f"got {show(text)!a}, takes {takes}") from None

    return reader


def duration(text: str) -> float:
    """Return the seconds of "90", "90s", "15m", "2h", "7d" or "1w"."""
    found = re.fullmatch("([0-9]{1,9})([smhdw]?)", text)
    if found is None or int(found[1]) == 0:
        raise ValueError
    return int(found[1]) * _UNITS[found[2]]


def _network(text: str) -> str:
    network = ip_network(text, strict=False)
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is not None and network.prefixlen >= 96:
        network = ip_network((mapped, network.prefixlen - 96))
    return str(network)


def _reason(text: str) -> str:
    if not text.isprintable() or len(text.encode()) > REASON_MOST:
        raise ValueError
    return text.strip()


def _text(text: str) -> str:
    if texts.check(text) is not None:
        raise ValueError
    return text


_NICK = _reader(lambda text: (names.nick(text), names.fold(text)), "")
_ROOM = _reader(names.room, "")
_FLAGS: dict[str, dict[str, Any]] = {
    "nick": {"metavar": "NICK", "type": _NICK},
    "who": {"metavar": "NICK", "type": _NICK, "nargs": "?"},
    "room": {"metavar": "ROOM", "type": _ROOM},
    "text": {
        "metavar": "TEXT",
        "type": _reader(_text, "a text as a message may be"),
    },
    "--room": {"metavar": "ROOM", "type": _ROOM, "help": "only who is in this room"},
    "--address": {
        "metavar": "NETWORK",
        "type": _reader(_network, "an IPv4 or IPv6 address, or a network such as 192.0.2.0/24"),
        "help": "everybody who comes from this address or network",
    },
    "--for": {
        "metavar": "TIME",
        "type": _reader(duration, "a time such as 90s, 15m, 2h, 7d or 1w"),
        "default": 0.0,
        "dest": "seconds",
        "help": "how long it holds, such as 15m, 2h or 7d (default: until it is taken back)",
    },
    "--reason": {
        "metavar": "TEXT",
        "type": _reader(_reason, f"one line of at most {REASON_MOST} bytes"),
        "default": "",
        "help": "what the one concerned, and those who see it, are told",
    },
    "--json": {"action": "store_true", "help": "print JSON, for machines"},
}


# Looking


async def _status(moderator: AdminClient, chosen: argparse.Namespace) -> bool:
    nodes, totals = await moderator.nodes(), await moderator.totals()
    if chosen.json:
        clients = sum(node.facts.clients for node in nodes if node.alive)
        asdict = msgspec.structs.asdict
        _print_json({"nodes": _flat(nodes), "clients": clients, **asdict(totals)})
        return True
    print(tables.nodes(nodes, time.time()))
    print("\n" + tables.totals(nodes, totals))
    if faults := tables.faults(nodes):
        print("\n" + faults)
    return True


async def _nodes(moderator: AdminClient, chosen: argparse.Namespace) -> bool:
    nodes = await moderator.nodes()
    if chosen.json:
        _print_json(_flat(nodes))
    else:
        print(tables.nodes(nodes, time.time()))
    return True


def _flat(nodes: Sequence[NodeRow]) -> list[dict[str, Any]]:
    asdict = msgspec.structs.asdict
    return [
        {**asdict(node.facts), "alive": node.alive, "since": node.since, "id": node.incarnation}
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


# Doing


async def _kick(moderator: AdminClient, chosen: argparse.Namespace) -> bool:
    nick, fold = chosen.nick
    kicked = await moderator.kick(fold, chosen.reason)
    if kicked is None:
        _complain(f"nobody is called {nick}")
        return False
    print(f"{kicked} was kicked.")
    return True


async def _ban(moderator: AdminClient, chosen: argparse.Namespace) -> bool:
    how_long = f"for {tables.span(chosen.seconds)}" if chosen.seconds else "until taken back"
    if chosen.who is not None:
        nick, fold = chosen.who
        kicked = await moderator.ban_nick(fold, chosen.seconds, chosen.reason)
        also = f", and {kicked} was kicked" if kicked else "; nobody holds it now"
        print(f"The nick {nick} is banned {how_long}{also}.")
    if chosen.address is not None:
        await moderator.ban_network(chosen.address, chosen.seconds, chosen.reason)
        print(f"{chosen.address} is banned {how_long}; who comes from there is being kicked.")
    return True


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
            _complain(f"{what} is not banned; the bans are shown by: chat-node admin bans")
            done = False
    return done


async def _close(moderator: AdminClient, chosen: argparse.Namespace) -> bool:
    if chosen.room == DEFAULT_ROOM:
        _complain(f"{DEFAULT_ROOM} always exists and cannot be closed; kick or ban who disturbs it")
        return False
    members = await moderator.close(chosen.room, chosen.reason)
    if members is None:
        return _no_room(chosen.room)
    print(f"{chosen.room} is closed; {tables.count(members, 'member')} had to leave.")
    return True


async def _announce(moderator: AdminClient, chosen: argparse.Namespace) -> bool:
    if chosen.room is not None and not await moderator.has_room(chosen.room):
        return _no_room(chosen.room)
    heard = await moderator.announce(chosen.text, chosen.room)
    if not heard:
        _complain("no node listens")
        return False
    print(f"Announced by {tables.count(heard, 'node')}.")
    return True


def _no_room(room: str) -> bool:
    _complain(f"there is no room called {room}")
    return False
