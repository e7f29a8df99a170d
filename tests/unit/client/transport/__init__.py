"""Tests of connections to nodes."""
