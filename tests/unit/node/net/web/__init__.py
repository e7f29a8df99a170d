"""Tests of the web port that need no socket."""
