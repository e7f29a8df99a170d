"""The core of a node, put together: its connections, the broker's events, time, the end."""
