"""Tests of what in the network code needs no socket."""
