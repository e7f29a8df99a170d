"""Tests of the connections."""
