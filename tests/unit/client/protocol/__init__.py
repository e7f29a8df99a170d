"""Tests of what a client says and understands."""
