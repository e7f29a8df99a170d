"""The key bindings; the others are those of an emacs line editor."""

from collections import deque
from collections.abc import Callable
from itertools import islice
from select import select

from msgspec import Struct
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.filters import Condition
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.key_binding.key_processor import KeyPress
from prompt_toolkit.keys import Keys

from client.text.sanitize import clean


class Actions(Struct, frozen=True):
    """What the keys call.

    ``enter`` gets the typed text, and returns whether to clear the line; ``scroll`` gets a number
    of pages, down if positive, and ``to_end`` shows the newest line; ``turn`` gets a number of
    buffers; ``turn_to_news`` shows the next buffer with news; ``toggle_people`` shows or hides the
    list of people; ``search`` gets a number of matches, towards newer ones if negative, and
    ``search_back`` ends a search; ``leave`` gets the name of a key that ends the client when it is
    pressed twice, and whether the line was empty; ``paste`` returns what to insert for a pasted
    text; ``holds`` whether Enter only begins another line.
    """

    enter: Callable[[str], bool]
    scroll: Callable[[int], None]
    to_end: Callable[[], None]
    turn: Callable[[int], None]
    turn_to_number: Callable[[int], None]
    turn_to_news: Callable[[], None]
    toggle_people: Callable[[], None]
    search: Callable[[int], None]
    search_back: Callable[[], object]
    leave: Callable[[str, bool], None]
    paste: Callable[[str], str]
    holds: Callable[[str, int, bool], bool]


def bindings(line: Buffer, actions: Actions) -> KeyBindings:
    """Return the key bindings of the screen; they override those of the line editor."""
    keys = KeyBindings()
    _add_lines(keys, line, actions)
    _add_completion(keys, line)
    _add_ends(keys, line, actions)
    _add_turns(keys, line, actions)
    _add_views(keys, actions)
    return keys


def _add_lines(keys: KeyBindings, line: Buffer, actions: Actions) -> None:
    """Add the keys that end a line."""

    @keys.add("enter")
    def _(press: KeyPressEvent) -> None:
        """Enter the line, or accept the selected completion."""
        if line.complete_state and line.complete_state.current_completion:
            line.complete_state = None
            return
        # Pasted text mostly ends with a newline; control characters can still be typed by Ctrl-Q.
        text = clean(line.text).text.rstrip("\n")
        queue, terminal = press.app.key_processor.input_queue, press.app.input
        more = bool(queue or select([terminal], [], [], 0)[0])
        if text and actions.holds(text, sum(map(_is_enter, queue)), more):
            line.insert_text("\n" + clean(_received(queue)).text)
        elif actions.enter(text):
            line.reset(append_to_history=bool(text.strip()))
            line.load_history_if_not_yet_loaded()  # otherwise only the next redraw does it

    @keys.add("escape", "enter", eager=True)
    @keys.add("c-j")
    def _(press: KeyPressEvent) -> None:
        """Start a new line in the same message."""
        line.insert_text("\n")

    @keys.add(Keys.BracketedPaste)
    def _(press: KeyPressEvent) -> None:
        """Insert a pasted text."""
        line.insert_text(actions.paste(press.data))


def _is_enter(key: KeyPress) -> bool:
    return key.key == Keys.Enter


def _received(queue: deque[KeyPress]) -> str:
    """Take the text that was received already: key by key a long one would take seconds."""
    text = []
    while queue and len(queue[0].data) == 1 and (_is_enter(queue[0]) or queue[0].data >= " "):
        text.append(queue.popleft().data)
    return "".join(text)


def _add_completion(keys: KeyBindings, line: Buffer) -> None:
    """Add Tab."""

    @keys.add("tab")
    def _(press: KeyPressEvent) -> None:
        """Complete, or select the next completion."""
        if line.complete_state:
            line.complete_next()
            return
        event = CompleteEvent(completion_requested=True)
        found = list(islice(line.completer.get_completions(line.document, event), 2))
        if len(found) == 1:
            line.apply_completion(found[0])  # no menu for a single completion
        else:
            line.start_completion(insert_common_part=True)


def _add_ends(keys: KeyBindings, line: Buffer, actions: Actions) -> None:
    """Add the keys that end the client, or send it to the background."""

    @keys.add("c-c")
    @keys.add("<sigint>")
    def _(press: KeyPressEvent) -> None:
        """Clear the line; the second time, quit."""
        was_empty = not line.text
        line.reset()
        actions.leave("Ctrl-C", was_empty)

    @keys.add("c-d")
    def _(press: KeyPressEvent) -> None:
        """Delete a character; if the line is empty, quit the second time."""
        if line.text:
            line.delete()
        else:
            actions.leave("Ctrl-D", True)

    @keys.add("c-z")
    def _(press: KeyPressEvent) -> None:
        """Suspend to the background."""
        press.app.suspend_to_background()


def _add_turns(keys: KeyBindings, line: Buffer, actions: Actions) -> None:
    """Add the keys that change the buffer, and scroll it."""
    for key, pages in (("pageup", -1), ("pagedown", 1)):
        keys.add(key)(lambda press, pages=pages: actions.scroll(pages))
    # In a text End is the end of its line, as in every editor.
    keys.add("end", filter=Condition(lambda: not line.text))(lambda press: actions.to_end())
    for name, steps in (("c-n", 1), ("c-p", -1)):
        keys.add(name)(lambda press, steps=steps: actions.turn(steps))
    for number in range(1, 11):
        keys.add("escape", str(number % 10), eager=True)(
            lambda press, number=number: actions.turn_to_number(number)
        )
    keys.add("escape", "a", eager=True)(lambda press: actions.turn_to_news())


def _add_views(keys: KeyBindings, actions: Actions) -> None:
    """Add the keys of the list of people, and of a search."""
    keys.add("f2")(lambda press: actions.toggle_people())
    for key, steps in (("f3", 1), ("f4", -1)):
        keys.add(key)(lambda press, steps=steps: actions.search(steps))
    keys.add("c-g")(lambda press: actions.search_back())
