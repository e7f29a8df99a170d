"""The sources of the library for browsers."""
