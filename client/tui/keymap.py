"""Which key does what; the rest is as in any line editor of the emacs kind."""

from collections.abc import Callable
from itertools import islice

from msgspec import Struct
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent


class Actions(Struct, frozen=True):
    """What keys lead to. ``enter`` gets what was typed; ``scroll`` so many pages, down if positive;
    ``turn`` so many buffers; ``leave`` is for who wants to go."""

    enter: Callable[[str], None]
    scroll: Callable[[int], None]
    turn: Callable[[int], None]
    turn_to_number: Callable[[int], None]
    leave: Callable[[], None]


def bindings(line: Buffer, actions: Actions) -> KeyBindings:
    """Return the keys of the screen; they come before those of the line editor."""
    keys = KeyBindings()
    _add_lines(keys, line, actions)
    _add_completion(keys, line)
    _add_ends(keys, line, actions)
    _add_turns(keys, actions)
    return keys


def _add_lines(keys: KeyBindings, line: Buffer, actions: Actions) -> None:
    """Add the keys that end a line."""

    @keys.add("enter")
    def _(press: KeyPressEvent) -> None:
        """Say it, or take the completion that is chosen."""
        if line.complete_state and line.complete_state.current_completion:
            line.complete_state = None
            return
        text = line.text.rstrip("\n")  # what is pasted mostly ends with one
        line.reset(append_to_history=bool(text.strip()))
        line.load_history_if_not_yet_loaded()  # else only the next drawing does it
        actions.enter(text)

    @keys.add("escape", "enter", eager=True)
    @keys.add("c-j")
    def _(press: KeyPressEvent) -> None:
        """Begin another line of the same message."""
        line.insert_text("\n")


def _add_completion(keys: KeyBindings, line: Buffer) -> None:
    """Add Tab."""

    @keys.add("tab")
    def _(press: KeyPressEvent) -> None:
        """Complete, or offer the next completion."""
        if line.complete_state:
            line.complete_next()
            return
        event = CompleteEvent(completion_requested=True)
        found = list(islice(line.completer.get_completions(line.document, event), 2))
        if len(found) == 1:
            line.apply_completion(found[0])  # a menu of one would only be in the way
        else:
            line.start_completion(insert_common_part=True)


def _add_ends(keys: KeyBindings, line: Buffer, actions: Actions) -> None:
    """Add the keys that end the client, or send it to the background."""

    @keys.add("c-c")
    @keys.add("<sigint>")
    def _(press: KeyPressEvent) -> None:
        """Throw away what was typed; with nothing typed, leave."""
        if line.text:
            line.reset()
        else:
            actions.leave()

    @keys.add("c-d")
    def _(press: KeyPressEvent) -> None:
        """Delete a character; with nothing typed, leave."""
        if line.text:
            line.delete()
        else:
            actions.leave()

    @keys.add("c-z")
    def _(press: KeyPressEvent) -> None:
        """Go to the background, as any program does."""
        press.app.suspend_to_background()


def _add_turns(keys: KeyBindings, actions: Actions) -> None:
    """Add the keys that turn to other buffers, and to other parts of one."""
    for key, pages in (("pageup", -1), ("pagedown", 1)):
        keys.add(key)(lambda press, pages=pages: actions.scroll(pages))
    for name, steps in (("c-n", 1), ("c-p", -1)):
        keys.add(name)(lambda press, steps=steps: actions.turn(steps))
    for number in range(1, 11):
        keys.add("escape", str(number % 10), eager=True)(
            lambda press, number=number: actions.turn_to_number(number)
        )
