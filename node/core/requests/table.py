"""What a node does about each request: the table."""

from node.core.requests import hello, messages, nick, queries, rooms
from node.core.session.states import StateRow
from wire.messages import (
    Create,
    GetHistory,
    Hello,
    Join,
    Leave,
    ListMembers,
    ListRooms,
    Ping,
    Pong,
    Quit,
    Send,
    SendDirect,
    SetNick,
)

ROWS: dict[type, StateRow] = {
    Hello: StateRow(hello.hello, early=True),
    Create: StateRow(rooms.join),
    Join: StateRow(rooms.join),
    Leave: StateRow(rooms.leave),
    Send: StateRow(messages.send, overlaps=True),
    SendDirect: StateRow(messages.direct, overlaps=True),
    SetNick: StateRow(nick.nick),
    ListRooms: StateRow(queries.rooms),
    ListMembers: StateRow(queries.members),
    GetHistory: StateRow(queries.history),
    Ping: StateRow(queries.ping, early=True, counted=False, urgent=True),
    Pong: StateRow(queries.pong, early=True, counted=False, urgent=True),
    Quit: StateRow(queries.quit, early=True, counted=False, last=True),
}
