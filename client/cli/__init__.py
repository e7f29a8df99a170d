"""The client as a command: options, settings file, and the filter mode."""
