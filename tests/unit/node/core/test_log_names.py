"""A log's name tells what it belongs to."""

from node.core import log_names


def test_a_room_has_a_log_that_names_it() -> None:
    log = log_names.room_log("tea")
    assert log == "r:tea"
    assert log_names.is_room(log) and not log_names.is_inbox(log)
    assert log_names.room_name(log) == "tea"


def test_an_inbox_is_a_log_that_names_its_session() -> None:
    log = log_names.inbox_log("s1")
    assert log == "i:s1"
    assert log_names.is_inbox(log) and not log_names.is_room(log)
    assert log_names.inbox_session(log) == "s1"


def test_a_room_whose_name_looks_like_that_of_a_log_is_a_room() -> None:
    log = log_names.room_log("i:s1")
    assert log_names.is_room(log) and not log_names.is_inbox(log)
    assert log_names.room_name(log) == "i:s1"
