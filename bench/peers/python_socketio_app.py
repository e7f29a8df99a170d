"""Rooms on python-socketio, with its Redis manager for several servers."""

import os

import socketio

server = socketio.AsyncServer(
    async_mode="asgi",
    client_manager=socketio.AsyncRedisManager(os.environ["REDIS_URL"]),
    transports=["websocket"],
    ping_interval=600,
    http_compression=False,
)
app = socketio.ASGIApp(server)
rooms = {}


@server.event
async def join(sid, room):
    """Put a client into a room."""
    rooms[sid] = room
    await server.enter_room(sid, room)


@server.event
async def m(sid, text):
    """Tell a room what a member says."""
    await server.emit("m", text, room=rooms[sid])


@server.event
async def disconnect(sid):
    """Forget a client."""
    rooms.pop(sid, None)
