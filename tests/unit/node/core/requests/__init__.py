"""Tests of the core's requests."""
