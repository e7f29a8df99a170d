"""What a node does about each request: the table."""

from node.core.requests import hello, messages, queries, rooms
from node.core.session.states import Row
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

ROWS: dict[type, Row] = {
    Hello: Row(hello.hello, early=True),
    Create: Row(rooms.join),
    Join: Row(rooms.join),
    Leave: Row(rooms.leave),
    Send: Row(messages.send, overlaps=True),
    SendDirect: Row(messages.direct, overlaps=True),
    SetNick: Row(queries.nick),
    ListRooms: Row(queries.rooms),
    ListMembers: Row(queries.members),
    GetHistory: Row(queries.history),
    Ping: Row(queries.ping, early=True, counted=False, urgent=True),
    Pong: Row(queries.pong, early=True, counted=False, urgent=True),
    Quit: Row(queries.quit, early=True, counted=False, last=True),
}
