"""The subcommands of `chat-node`: administration and accounts."""
