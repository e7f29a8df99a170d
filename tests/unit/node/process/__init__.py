"""Tests of the limits of a process."""
