"""What a node does about each request: the table."""

from node.core import greeting, places, questions, talk
from node.core.states import Row
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
    Hello: Row(greeting.hello, early=True),
    Create: Row(places.join),
    Join: Row(places.join),
    Leave: Row(places.leave),
    Send: Row(talk.send, overlaps=True),
    SendDirect: Row(talk.direct, overlaps=True),
    SetNick: Row(questions.nick),
    ListRooms: Row(questions.rooms),
    ListMembers: Row(questions.members),
    GetHistory: Row(questions.history),
    Ping: Row(questions.ping, early=True, counted=False, urgent=True),
    Pong: Row(questions.pong, early=True, counted=False, urgent=True),
    Quit: Row(questions.quit, early=True, counted=False, last=True),
}
