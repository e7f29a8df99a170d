"""Tests of the node's parts."""
