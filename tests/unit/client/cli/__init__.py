"""Tests of the client as a command."""
