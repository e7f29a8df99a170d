"""Attacks on a running system, and what its honest clients feel of them."""
