"""Tests of the broker: one contract, on the embedded Redis and on a real one."""
