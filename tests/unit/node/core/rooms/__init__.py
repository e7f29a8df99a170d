"""Tests of rooms and their logs."""
