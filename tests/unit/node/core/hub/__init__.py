"""Tests of what puts the core together."""
