"""Tests of the node's commands."""
