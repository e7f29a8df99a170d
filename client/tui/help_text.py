"""The texts of ``/help``: the commands, and the keys. Pure."""

from client.tui.commands import COMMANDS, CommandRow, usage

KEYS = (
    ("Enter", "send the line, or accept the chosen completion"),
    ("Alt+Enter, Ctrl-J", "start another line of the same message"),
    ("Tab", "complete a command, a room or a nick"),
    ("Up, Down", "earlier lines that you typed"),
    ("Alt+1 to Alt+9, Alt+0", "show window 1 to 9, or 10"),
    ("Ctrl-N, Ctrl-P", "show the next or the previous window"),
    ("Alt-A", "show the next window with news, mentions first"),
    ("Page Up, Page Down", "scroll; at the top, fetch older messages"),
    ("End", "on an empty line: back to the newest line"),
    ("F2", "show or hide the list of people"),
    ("F3, F4", "after /search: the next older, or newer, match"),
    ("Ctrl-G", "after /search: back to where you were"),
    ("Ctrl-A, Ctrl-E, Ctrl-W", "edit the line, like the other keys of Emacs"),
    ("Ctrl-C", "clear the line; a second time within 2 s, leave"),
    ("Ctrl-D", "delete a character; on an empty line like Ctrl-C"),
    ("Ctrl-Z", "suspend the client"),
)
"""The keys, and what they do; docs/client.md has the same."""


def commands() -> list[str]:
    """Return the lines of ``/help``."""
    rows = [(usage(name), _help(name, row)) for name, row in COMMANDS.items()]
    return _table([*rows, ("//TEXT", "send a message that begins with a /")])


def keys() -> list[str]:
    """Return the lines of ``/help keys``."""
    return _table(list(KEYS))


def _table(rows: list[tuple[str, str]]) -> list[str]:
    width = max(len(name) for name, _ in rows)
    return [f"{name:{width}}  {text}" for name, text in rows]


def _help(name: str, row: CommandRow) -> str:
    return f"{row.help}, as in /{name} {row.example}" if row.example else row.help
