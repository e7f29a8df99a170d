"""The client as a command: options, settings, and the mode without a screen."""
