"""Leaves out what browsers do not need of JavaScript and CSS: comments, indentation, empty lines.

A third of the bytes of our sources, compressed, are comments, most of them types. What is left has
the same tokens in the same order, and line ends where there were some: they may end a statement.
"""

import re
from collections.abc import Iterator

_STRING = r"""(?P<literal>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')"""
_CSS = re.compile(rf"(?P<gap>(?:[ \t\r\n]|/\*.*?\*/)+)|{_STRING}", re.DOTALL)
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_JS = re.compile(
    rf"(?P<gap>[ \t\r\n]+|//[^\n]*|/\*.*?\*/)|{_STRING}"
    r"|(?P<code>[0-9][\w.]*|[\w$]+|\+\+|--|[^\"'])",
    re.DOTALL,
)
_JS_REGEX = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/\w*")
# As far as its end, or the next expression in it; also what follows such an expression.
_JS_TEMPLATE = re.compile(r"[`}](?:[^`\\$]|\\.|\$(?!\{))*(?:`|\$\{)", re.DOTALL)
_OPERATORS = frozenset(
    "await case delete do else in instanceof of return throw typeof void yield".split()
)
_ENDS = frozenset(("++", "--", ")", "]", "}"))


def css(source: str) -> str:
    """Return a style sheet without comments and indentation."""
    return _CSS.sub(_css_part, source).strip() + "\n"


def _css_part(part: re.Match[str]) -> str:
    if part["gap"] is None:
        return part[0]
    space = _CSS_COMMENT.sub("", part[0])
    # A space is part of a selector, so it must not come where there was none.
    return "/**/" if not space else "\n" if "\n" in space else " "


def javascript(source: str) -> str:
    """Return a module without comments and indentation. Raises ValueError if it cannot be read.

    What a slash is depends on the grammar, of which this knows little: after ``)`` and ``}`` it
    always divides; after a word such as ``return`` it always begins a regular expression.
    """
    kept: list[str] = []
    gap = ""
    for kind, text in _parts(source):
        if kind == "gap":
            gap = "\n" if "\n" in gap + text else " "
        else:
            kept += (gap, text) if kept else (text,)
            gap = ""
    return "".join(kept) + "\n"


def _parts(source: str) -> Iterator[tuple[str, str]]:
    """Return the kind (a group of ``_JS``) and the text of each part of a module."""
    braces: list[int] = []  # those open in each template's expression
    start, is_value = 0, False
    while start < len(source):
        part = _match(_JS, source, start)
        kind, text = str(part.lastgroup), part[0]
        if text == "`" or (text == "}" and braces and not braces[-1]):
            part, kind = _match(_JS_TEMPLATE, source, start), "literal"
            if text == "}":
                braces.pop()
            if part[0].endswith("${"):
                braces.append(0)
        elif text == "/" and not is_value:
            part, kind = _match(_JS_REGEX, source, start), "literal"
        elif text in ("{", "}") and braces:
            braces[-1] += 1 if text == "{" else -1
        yield kind, part[0]
        if kind != "gap":
            is_value = _ends_value(kind, part[0])
        start = part.end()


def _ends_value(kind: str, text: str) -> bool:
    """Say whether a part ends a value, so that a slash after it divides."""
    if kind == "literal":
        return not text.endswith("${")
    is_word = text[0].isalnum() or text[0] in "_$"
    return text in _ENDS or (is_word and text not in _OPERATORS)


def _match(pattern: re.Pattern[str], source: str, start: int) -> re.Match[str]:
    if (found := pattern.match(source, start)) is None:
        line = source.count("\n", 0, start) + 1
        raise ValueError(f"line {line}: a string, template or regular expression has no end")
    return found
