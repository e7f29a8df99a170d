"""Tests of the screen's buffers with a scripted node, without a terminal."""
