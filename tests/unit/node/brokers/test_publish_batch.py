"""The messages of a room go to Redis in batches, in order, and each is answered."""

from functools import partial
from typing import cast

from node.brokers.publish_batch import MOST, Publish, Taken
from node.core.entries import Entry, Frame, Position
from node.core.interfaces import BrokerEvents
from node.core.model import FencingToken, PendingMessage, Unavailable


class Unseen:
    """A core that has seen nothing of any log."""

    def seen(self, log: str) -> Position | None:
        return None


def events() -> BrokerEvents:
    return cast(BrokerEvents, Unseen())


def test_only_the_first_message_of_a_batch_has_it_queued() -> None:
    publish = Publish("tea", 1000, events())
    message = PendingMessage(FencingToken("s1", "n.1"), b"1", "", b"", 1.0, lambda reply: None)
    assert publish.add(message)
    assert not publish.add(message)
    publish.refuse(Unavailable.INTERNAL)
    assert publish.add(message)


def test_a_batch_names_the_keys_of_its_log_and_of_the_ids_of_its_authors_and_the_time() -> None:
    publish = Publish("tea", 1000, events(), time=lambda: 17)
    for number, (session, id) in enumerate([("s", "t"), ("t", ""), ("s", "u"), ("r", "t")]):
        token = FencingToken(session, "o")
        publish.add(PendingMessage(token, b"%d" % number, id, b"{}", 1.0, lambda reply: None))
    assert publish.args() == [
        *(8, "chat:{r:tea}", "chat:{r:tea}:log", "chat:{r:tea}:moved", "chat:{r:tea}:seats"),
        *("chat:{r:tea}:sents", "chat:{r:tea}:sent:s", "chat:{r:tea}:sent:r"),
        *("chat:{r:tea}:never", "tea", 1000, 17, b"", 0, b"", ""),
        *(b"0", "s", "o", "t", b"{}"),
        *(b"1", "t", "o", "", b"{}"),
        *(b"2", "s", "o", "u", b"{}"),
        *(b"3", "r", "o", "t", b"{}"),
    ]


def test_a_frame_whose_entries_were_taken_is_known_once() -> None:
    taken = Taken()
    frame = Frame("r:tea", b"k1", 7, b"x6", [Entry(7, b"m x7 5 -", b"{}")])
    taken.add(frame, b"m x7 5 ")
    assert not taken.has(b"r:tea k1 7 x6\nm x8 5 -\n{}")
    taken.add(frame, b"m x7 5 ")
    assert taken.has(b"r:tea k1 7 x6\nm x7 5 -\n{}")
    assert not taken.has(b"r:tea k1 7 x6\nm x7 5 -\n{}")


def test_messages_behind_a_batch_that_redis_refuses_are_refused_with_it() -> None:
    replies: list[object] = []
    publish = Publish("tea", 1000, events())
    messages = [
        PendingMessage(FencingToken("s1", "n.1"), b"1%d" % n, "", b"", 1.0, replies.append)
        for n in range(MOST + 1)
    ]
    for message in messages:
        publish.add(message)
    assert publish.args() is not None
    publish.refuse(Unavailable.INTERNAL)
    assert replies == [Unavailable.INTERNAL] * len(messages) and not publish.queued


def test_a_batch_is_not_larger_than_what_a_log_retains() -> None:
    publish = Publish("tea", 10, events())
    for n in range(25):
        publish.add(
            PendingMessage(FencingToken("s1", "n.1"), b"1%d" % n, "", b"", 1.0, lambda reply: None)
        )
    args = publish.args()
    assert args is not None and len(args) == 14 + 10 * 5


def test_an_overdue_message_is_refused_with_later_ones_of_its_connection() -> None:
    """A client that is not told repeats both: the later one must not have overtaken the first."""
    told: list[tuple[str, object]] = []
    publish = Publish("tea", 1000, events())

    def say(text: str, owner: str, deadline: float) -> None:
        done = partial(lambda text, reply: told.append((text, reply)), text)
        message = PendingMessage(
            FencingToken("s" + owner, owner), text.encode(), "", b"{}", deadline, done
        )
        publish.add(message)

    for place, (text, owner) in enumerate([("a1", "a"), ("b1", "b"), ("a2", "a")]):
        say(text, owner, 10.0 + place)
    assert publish.args() is not None
    say("a3", "a", 14.0)
    publish.expire(10.0)
    assert told == [(text, Unavailable.UNREACHABLE) for text in ("a1", "a2", "a3")]
    say("a4", "a", 14.5)
    publish.expire(10.5)
    assert len(told) == 3, "a message that came since has a deadline of its own"
    args = publish.args()
    assert args is not None and [arg for arg in args if arg in (b"a1", b"b1", b"a2", b"a3")] == [
        b"b1"
    ]
