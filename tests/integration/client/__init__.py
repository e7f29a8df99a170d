"""Tests of the client with a scripted node, in a terminal or a pipe."""
