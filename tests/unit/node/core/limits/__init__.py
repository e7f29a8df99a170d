"""Tests of the core's limits."""
