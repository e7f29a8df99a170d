"""Tests of how text is shown."""
