"""The SDK repeats the tables of wire."""

import pytest

from web import tables


@pytest.mark.parametrize("name", tables.modules())
def test_a_module_is_what_wire_says(name: str) -> None:
    written = (tables.SDK / name).read_text("utf-8")
    assert written == tables.modules()[name], "run: python -m web.tables"
