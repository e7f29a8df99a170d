"""Connections to nodes: dialing, lines, keepalive, reconnecting and handover."""
