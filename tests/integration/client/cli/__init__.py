"""Tests of the client without a screen, in the process and as a process."""
