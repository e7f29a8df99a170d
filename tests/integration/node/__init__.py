"""Tests of the node that open sockets or start processes."""
