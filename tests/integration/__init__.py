"""Tests with sockets, processes, terminals, and a real Redis."""
