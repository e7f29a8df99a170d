"""Tests of names of people and rooms."""
