"""Tests of connections with scripted nodes."""
