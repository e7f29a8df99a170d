"""Bytes to wire messages and back, one module a dialect; they know neither core nor sockets."""
