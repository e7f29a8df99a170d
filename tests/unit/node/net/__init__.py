"""Tests of network code that needs no socket."""
