"""How the text of the input line is shown: escaped, and in clusters."""

from itertools import groupby
from operator import itemgetter

from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput

from client.text.sanitize import JOINERS, safe_line
from client.text.width import Joins
from client.tui.cells import input_cells


class Escaping(Processor):
    """Escapes the text of the input line, which may have been pasted."""

    def __init__(self) -> None:
        self._joins = Joins()

    def use(self, joins: Joins) -> None:
        """Note what the terminal can draw."""
        self._joins = joins

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        """Called by prompt_toolkit; each character stays one, or the cursor would be wrong."""
        by_style = groupby(transformation_input.fragments, itemgetter(0))
        return Transformation(
            [
                (style, input_cells("".join(map(_visible, "".join(texts))), self._joins))
                for style, texts in (
                    (style, map(itemgetter(1), group)) for style, group in by_style
                )
            ]
        )


def _visible(character: str) -> str:
    shown = safe_line(character)
    # Whether a joiner is harmless depends on its neighbours, unknown here; it has no width anyway.
    return shown if len(shown) == 1 else character if character in JOINERS else "\ufffd"
