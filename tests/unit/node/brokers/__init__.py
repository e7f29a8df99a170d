"""Tests of what in the broker needs no Redis."""
