"""Attacks on the terminal client."""
