"""Logs, metrics and health of a node."""
