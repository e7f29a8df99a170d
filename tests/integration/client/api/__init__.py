"""Tests of the library with a scripted node."""
