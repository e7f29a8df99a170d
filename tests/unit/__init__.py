"""Tests of one part, which open no socket and start no process; they mirror the code."""
