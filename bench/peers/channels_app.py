"""Rooms on Django Channels, with its Redis layer."""

import os

import django
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter
from django.conf import settings

LAYER = {
    "BACKEND": "channels_redis.core.RedisChannelLayer",
    # More than can be under way: by default messages beyond 100 are dropped, and more than 100
    # connections to Redis refused.
    "CONFIG": {
        "hosts": [{"address": os.environ["REDIS_URL"], "max_connections": 100_000}],
        "capacity": 100_000,
    },
}
settings.configure(CHANNEL_LAYERS={"default": LAYER}, LOGGING_CONFIG=None, SECRET_KEY="bench")
django.setup()


class Member(AsyncWebsocketConsumer):
    """A client in the room that its path names."""

    async def connect(self):
        """Join the room."""
        self.room = self.scope["path"].strip("/")
        await self.channel_layer.group_add(self.room, self.channel_name)
        await self.accept()
        await self.send("joined")

    async def receive(self, text_data=None, bytes_data=None):
        """Tell the room."""
        await self.channel_layer.group_send(self.room, {"type": "said", "text": text_data})

    async def said(self, event):
        """Tell the client."""
        await self.send(event["text"])


app = ProtocolTypeRouter({"websocket": Member.as_asgi()})
