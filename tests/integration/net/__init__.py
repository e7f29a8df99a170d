"""Tests of connections on sockets."""
