"""Connections of clients over asyncio: listeners, limits, reading, writing, TLS."""
