"""Whom the user ignores, and which words count as mentions."""

import pytest

from client.tui import filters as module
from client.tui.filters import Filters
from wire import messages as m


def said(text: str, nick: str = "bo") -> m.Message:
    """A message in the lab."""
    return m.Message(room="lab", position="p", at=1, from_=nick, text=text)


@pytest.mark.parametrize(
    "text, is_mention",
    [("ana, look", True), ("the Release is out", True), ("released", False), ("hi", False)],
)
def test_the_own_nick_and_words_of_the_settings_are_mentions(text: str, is_mention: bool) -> None:
    assert Filters(words=["release"]).row(said(text), "ana").mention is is_mention


def test_what_one_says_oneself_is_no_mention() -> None:
    assert not Filters(words=["release"]).row(said("release", "ana"), "ana").mention


def test_a_person_is_ignored_however_the_nick_is_written_until_shown_again() -> None:
    filters = Filters()
    assert not filters.is_ignored("bo")
    filters.ignore("Bo")
    assert filters.is_ignored("bO") and filters.ignored == ["Bo"]
    assert filters.unignore("BO") and not filters.unignore("bo")
    assert not filters.is_ignored("bo")


def test_so_many_people_can_be_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_IGNORED", 1)
    filters = Filters(ignored=["bo"])
    filters.renamed("bo", "bob")
    assert filters.ignored == ["bo"]
