"""How an action, as of ``/me waves``, is written: ``* ana waves``. Pure."""

from client.text.sanitize import safe_word


def spoken(text: str, nick: str, is_action: bool) -> str:
    """Return a text that stands without its author; that of an action begins with the author."""
    return f"* {safe_word(nick)} {text}" if is_action else text
