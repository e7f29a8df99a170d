"""Where asyncio lives: listeners, connections, what goes out, health and metrics."""
