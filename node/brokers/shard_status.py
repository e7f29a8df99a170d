"""What `chat-node status` shows about each master of a Redis Cluster."""

from collections import Counter
from collections.abc import AsyncIterable
from typing import Any

import msgspec

from node.brokers import health, keys
from node.brokers.malformed import read
from node.brokers.server_clients import ServerClients, Trouble, if_allowed
from node.brokers.slot_map import Address
from node.core.log_names import room_log
from node.process.listening import shown

_SECTIONS = ("memory", "persistence", "stats", "cpu")


class ShardRow(msgspec.Struct):
    """A master of a cluster, and the slots that it keeps; what is not known is None.

    ``rooms`` is the number of those whose data it keeps; ``sessions``: it keeps the data about
    sessions. ``memory`` is in bytes. ``cpu`` is the time in seconds that it has used since its
    start; ``calls`` are commands a second, now. ``moving`` are slots that are just being moved from
    it or to it. ``trouble`` says why it does not tell; "" if it does.
    """

    address: str
    slots: int
    replicas: int
    rooms: int | None
    sessions: bool
    keys: int | None = None
    memory: int | None = None
    cpu: float | None = None
    calls: int | None = None
    moving: int | None = None
    faults: list[health.Fault] = []
    trouble: str = ""


async def shards(servers: ServerClients, rooms: AsyncIterable[str] | None) -> list[ShardRow]:
    """Describe all masters, by their addresses; ``rooms`` are all there are. Raises Trouble."""
    slots, replicas = await servers.ask_for_map()
    kept: Counter[int] | None = None
    if rooms is not None:
        kept = Counter([slots.place(room_log(room)) async for room in rooms])
    found = []
    for number, count in slots.kept().items():
        server = slots.address(number)
        row = ShardRow(
            address=shown(server),
            slots=count,
            replicas=replicas[server],
            rooms=None if kept is None else kept[number],
            sessions=slots.place(keys.CONTROL_TAG) == number,
        )
        try:
            await _describe(row, servers, server)
        except Trouble as trouble:
            row.trouble = str(trouble)
        found.append(row)
    return sorted(found, key=lambda row: row.address)


async def _describe(row: ShardRow, servers: ServerClients, server: Address) -> None:
    """Add what a master tells about itself."""
    info: dict[str, Any] = {}
    for section in _SECTIONS:
        info |= await servers.ask(server, "INFO", section)
    lines = "\n".join(f"{name}:{value}" for name, value in info.items())
    row.faults = read(health.faults, lines.encode())
    row.memory, row.calls = info.get("used_memory"), info.get("instantaneous_ops_per_sec")
    row.cpu = round(info.get("used_cpu_user", 0.0) + info.get("used_cpu_sys", 0.0), 1)
    with if_allowed():
        row.keys = await servers.ask(server, "DBSIZE")
    with if_allowed():
        nodes = await servers.ask(server, "CLUSTER NODES")
        mine = [node for node in nodes.values() if "myself" in node["flags"]]
        row.moving = sum(len(node["migrations"]) for node in mine)
