"""The web port: WebSocket for clients, over HTTP/1.1."""
