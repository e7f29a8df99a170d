"""The terminal as prompt_toolkit's output: its links, its clipboard, and how it draws clusters."""

import re
import time
from base64 import b64encode
from collections.abc import Mapping
from typing import TextIO, cast
from zlib import crc32

from prompt_toolkit.output.color_depth import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.utils import get_bell_environment_variable

from client.text.links import Linked
from client.text.width import WIDEST, Joins, columns, is_doubtful

SAVE, RESTORE = "\x1b7", "\x1b8"
# A man, a joiner and a woman; a thumb and its tone; a flag. Each is of two columns if it is joined.
_SAMPLES = ("\U0001f468\u200d\U0001f469", "\U0001f44d\U0001f3fd", "\U0001f1e9\U0001f1ea")
_CORNER, _WHERE = "\x1b[H", "\x1b[6n"
ANSWERS_WITHIN = 0.3
"""Seconds for the answers: longer than most connections take."""
_ANSWER = re.compile(r"\x1b\[\d+;(\d+)R")
_WITHOUT_LINKS = re.compile(r"(linux|dumb|vt\d+|ansi|cons25|eterm|sun|screen)(\W.*|-.*)?")


def takes_links(environment: Mapping[str, str]) -> bool:
    """Return whether a terminal is not known to print the escape sequences of links (OSC 8)."""
    term = environment.get("TERM", "")
    if term.startswith("screen") and environment.get("TMUX"):
        return True
    # VTE before 0.50 crashed on some of them.
    vte = environment.get("VTE_VERSION", "")
    is_old = vte.isascii() and vte.isdigit() and int(vte[:9]) < 5000
    return not (_WITHOUT_LINKS.fullmatch(term) or is_old)


class Terminal(Vt100_Output):
    """The output of the screen.

    Terminals disagree about the width of some clusters, as they do about joined emoji. Each of them
    is drawn on cleared cells, and then the cursor is set to where it belongs, so that what follows
    is in the right column whatever the terminal has drawn. What it would draw too wide is not sent
    (``drawable`` in client/text/width.py): when the screen begins, the terminal gets some samples,
    and is asked for its cursor behind each.
    """

    has_links = False
    """Whether links can be clicked."""
    _url = ""
    _answers: list[bool] | None = None
    _asked_at = 0.0

    def write(self, data: str) -> None:
        """Write text: a cell, or line ends."""
        url = data.url if isinstance(data, Linked) else ""
        if url != self._url:
            self._turn_to(url)
        if len(data) > 1 and not data.isascii() and is_doubtful(data):
            width = columns(str(data))
            self.write_raw(f"{SAVE}{' ' * width}{RESTORE}{SAVE}")
            super().write(data)
            self.write_raw(f"{RESTORE}\x1b[{width}C" if width else RESTORE)
        else:
            super().write(data)

    def _turn_to(self, url: str) -> None:
        """Begin or end a link; the pieces of one on several lines have the same id."""
        self._url = url
        if self.has_links:
            start = f"id={crc32(url.encode()):x};{url}" if url else ";"
            self.write_raw(f"\x1b]8;{start}\x1b\\")

    def reset_attributes(self) -> None:
        """Called before what is no text: no link may reach it."""
        if self._url:
            self._turn_to("")
        super().reset_attributes()

    def enter_alternate_screen(self) -> None:
        """Begin the full screen, which is drawn over the question."""
        super().enter_alternate_screen()
        if self.responds_to_cpr:
            self._answers = []
            self._asked_at = time.monotonic()
            for sample in _SAMPLES:
                self.write_raw(f"{_CORNER}{sample}{_WHERE}")
            self.write_raw(_CORNER)

    def answer(self, data: str) -> Joins | None:
        """Take a report of the cursor; return what the terminal joins after the last one."""
        found = _ANSWER.fullmatch(data)
        if self._answers is None or found is None:
            return None
        self._answers.append(int(found[1]) <= 1 + WIDEST)
        if len(self._answers) < len(_SAMPLES):
            return None
        joins, self._answers = Joins(*self._answers), None
        return joins

    def awaits_answers(self, now: float) -> bool:
        """Return whether answers may still come; ``now`` is the time of ``time.monotonic``."""
        return self._answers is not None and now - self._asked_at < ANSWERS_WITHIN

    def copy(self, text: str) -> None:
        """Copy a text to the clipboard of the terminal (OSC 52)."""
        self.write_raw(f"\x1b]52;c;{b64encode(text.encode()).decode()}\x07")
        self.flush()


def open_terminal(tty: TextIO, environment: Mapping[str, str], *, links: bool) -> Terminal:
    """Return the output for a terminal, as ``create_output`` of prompt_toolkit makes it.

    ``links``: links can be clicked, unless the terminal is known not to take them.
    """
    terminal = cast(
        Terminal,
        Terminal.from_pty(
            tty,
            term=environment.get("TERM"),
            default_color_depth=ColorDepth.from_env(),
            enable_bell=get_bell_environment_variable(),
        ),
    )
    terminal.has_links = links and takes_links(environment)
    return terminal
