"""What programs find in wire.messages."""

import pytest
from msgspec import Struct

from wire import events, messages, requests


@pytest.mark.parametrize("module", [events, requests])
def test_every_message_is_there(module: object) -> None:
    for name, kind in vars(module).items():
        if isinstance(kind, type) and issubclass(kind, Struct) and kind is not Struct:
            assert getattr(messages, name) is kind and name in messages.__all__


def test_every_name_it_promises_is_there() -> None:
    assert all(hasattr(messages, name) for name in messages.__all__)
    assert len(set(messages.__all__)) == len(messages.__all__)
