"""Tests of the core: no sockets, no Redis, no time but the tests' own."""
