"""A direct that comes twice is a fault, unless Redis forgot it and no node could know better.

A client with a position in its inbox gets what comes after it. So it gets a direct again that was
lost and put back behind that position: the position does not say that it has had it.
"""

from tests.labs.simulation.chronicle import Chronicle
from tests.labs.simulation.directs import known_limit
from tests.labs.simulation.notes import Step

LOG = b"chat:{i:s1}:log"


def added(chronicle: Chronicle, at: float, offset: int, id: str, home: str = "") -> None:
    """Append a direct to the inbox, or put it back."""
    head = f"d {id} 17 s2:t{home}".encode()
    chronicle.on_call(at, "xadd", [LOG, b"%d-0" % offset, b"h", head, b"b", b"{}"])


def step(at: float, name: str, position: str = "", resumed: bool = True) -> Step:
    """Return something that befalls the client."""
    event = {"position": position, "room": "@", "resumed": resumed}
    return Step(at, name, 1, 1, event)


def put_back() -> Chronicle:
    """Return an inbox that lost x1 at 5.0, got y2 at 6.0, and got x1 back behind it at 8.0."""
    chronicle = Chronicle()
    added(chronicle, 1.0, 1, "x1")
    chronicle.rolled_back(5.0, {}, [])
    added(chronicle, 6.0, 1, "y2")
    added(chronicle, 8.0, 2, "x1", " k1-1 1")
    return chronicle


def resumes_after(*got: Step, left: float = 9.0, resumed: bool = True) -> list[Step]:
    """Return the steps of a client that got x1 and more, went to another node, and got x1 again."""
    return [
        step(0.0, "greeted"),
        step(0.5, "welcome", resumed=False),
        step(1.0, "direct", "k1-1-x1"),
        *got,
        step(left, "dropped"),
        step(10.0, "greeted"),
        step(10.5, "welcome", resumed=resumed),
        step(11.0, "direct", "k2-2-x1"),
    ]


def test_a_direct_that_was_put_back_after_its_reader_left_is_a_known_limit() -> None:
    steps = resumes_after(left=7.0)
    assert known_limit(steps, put_back(), "x1") == "had left before it was put back"


def test_a_direct_that_was_put_back_behind_the_newest_one_of_its_reader_is_a_known_limit() -> None:
    steps = resumes_after(step(6.5, "direct", "k2-1-y2"))
    assert known_limit(steps, put_back(), "x1") == "went on before where it was put back"


def test_a_position_that_says_what_its_reader_has_had_is_to_be_believed() -> None:
    steps = resumes_after(step(6.5, "direct", "k2-1-y2-1z1zk1"))
    assert known_limit(steps, put_back(), "x1") == ""


def test_a_position_from_before_the_loss_is_known_from_what_was_put_back() -> None:
    assert known_limit(resumes_after(), put_back(), "x1") == ""


def test_who_has_got_something_newer_gets_nothing_again() -> None:
    chronicle = put_back()
    added(chronicle, 8.5, 3, "z3")
    steps = resumes_after(step(6.5, "direct", "k2-1-y2"), step(8.7, "direct", "k2-3-z3"))
    assert known_limit(steps, chronicle, "x1") == ""


def test_what_comes_twice_without_another_node_is_a_fault() -> None:
    steps = [step(6.5, "direct", "k2-1-y2"), step(8.5, "direct", "k2-2-x1")]
    assert known_limit(resumes_after(*steps)[:5], put_back(), "x1") == ""


def test_what_comes_a_third_time_is_a_fault() -> None:
    steps = [*resumes_after(step(6.5, "direct", "k2-1-y2")), step(12.0, "greeted")]
    steps += [step(12.5, "welcome"), step(13.0, "direct", "k2-2-x1")]
    assert known_limit(steps, put_back(), "x1") == ""


def test_what_was_never_lost_does_not_come_twice() -> None:
    chronicle = Chronicle()
    added(chronicle, 1.0, 1, "y2")
    added(chronicle, 2.0, 2, "x1")
    steps = [step(1.5, "direct", "k1-1-y2"), step(3.0, "greeted"), step(3.5, "direct", "k1-2-x1")]
    assert known_limit([*steps, *steps[1:]], chronicle, "x1") == ""
