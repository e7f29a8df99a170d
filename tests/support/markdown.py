"""Pages of Markdown in parts: headings, links, code, and the prose between them."""

import re
from collections import Counter

_FENCED = re.compile(r"^(```+)[^\n]*\n(.*?)^\1\s*$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`+([^`]+)`+")
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def without_blocks(text: str) -> str:
    """A page without its fenced blocks."""
    return _FENCED.sub("", text)


def anchors(text: str) -> set[str]:
    """What a link may name behind ``#``: the headings, in GitHub's spelling."""
    found: set[str] = set()
    seen: Counter[str] = Counter()
    for heading in re.findall(r"^#{1,6} +(.+?) *#*$", without_blocks(text), re.MULTILINE):
        shown = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


def links(text: str) -> list[str]:
    """The targets of a page's links and pictures that are not on another site."""
    found = _LINK.findall(without_blocks(text))
    return [target for target in found if not re.match(r"[a-z]+:", target)]


def spans(text: str) -> list[str]:
    """The code within a page's lines."""
    return [" ".join(span.split()) for span in _SPAN.findall(without_blocks(text))]


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a page that are in a language."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [str(block) for block in found]


def commands(text: str) -> list[str]:
    """The commands of a page, from its code and its blocks, each by itself."""
    lines = [line for _, block in _FENCED.findall(text) for line in _joined(block)]
    parts = (re.split(r"\$\(|&&|\|\||[|;)]", line) for line in [*lines, *spans(text)])
    return [part.strip() for each in parts for part in each if part.strip()]


def _joined(block: str) -> list[str]:
    """The lines of a block; one that ends with a backslash goes on in the next one."""
    lines = block.replace("\\\n", " ").splitlines()
    return [re.sub(r"(^|\s)#.*", "", line).strip() for line in lines]


def prose(text: str) -> str:
    """The text of a page without code, links and line ends, for a look at its words."""
    text = _SPAN.sub("X", without_blocks(text))
    text = _LINK.sub("]", text).replace("*", "")
    return re.sub(r"\n(?=\n|[-#|]|\d+\. )", "\n\n", text)
