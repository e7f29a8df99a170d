"""A gap over entries that a client has is a known limit where they pushed each other out."""

from tests.labs.simulation.audit import Audit
from tests.labs.simulation.chronicle import Chronicle
from tests.labs.simulation.notes import Step
from tests.labs.simulation.tracks import Track

LOG = b"chat:{r:tea}:log"


def added(chronicle: Chronicle, at: float, offset: int, id: str, home: str = "") -> None:
    """Append an entry, or put it back."""
    head = f"m {id} 17 -{home}".encode()
    chronicle.on_call(at, "xadd", [LOG, b"%d-0" % offset, b"h", head, b"b", b"{}"])


def step(at: float, name: str, offset: int, id: str, after: str = "") -> Step:
    """Return what a client gets of the log."""
    event = {"room": "tea", "position": f"k1-{offset}-{id}", "after": after}
    return Step(at, name, 1, 1, event)


def audit(kept: int, back: bool = True) -> Audit:
    """Return the audit of a client that had x1 to x4, which were lost, and got y5 after a gap.

    ``kept``: entries in the log at the time of the gap; ``back``: the others were lost, and were
    put back in another order.
    """
    chronicle = Chronicle()
    track = Track(1, "tea", [step(0.5, "joined", 0, "0")])
    for number in (1, 2, 3, 4):
        added(chronicle, number, number, f"x{number}")
        track.steps.append(step(number, "message", number, f"x{number}"))
    if back:
        chronicle.rolled_back(5.0, {}, [])
        for offset, number in enumerate((3, 4, 1, 2), 1):
            added(chronicle, 6.0, offset, f"x{number}", f" k1-{number} 1")
    track.steps.append(step(6.5, "joined", 4, "x4"))
    added(chronicle, 7.0, 5, "y5")
    chronicle.on_call(7.0, "xtrim", [LOG, b"%d" % kept])
    track.steps.append(step(8.0, "gap", 5, "y5", "k1-4-x4"))
    track.steps.append(step(8.0, "message", 5, "y5"))
    return Audit(track, chronicle, True, {})


def found(audit: Audit) -> tuple[int, int]:
    """Return how many violations and how many known limits there are."""
    return len(audit.run()), len(audit.limits)


def test_a_gap_over_entries_that_were_put_back_and_trimmed_is_a_known_limit() -> None:
    assert found(audit(kept=4)) == (0, 1)


def test_a_gap_is_false_if_nothing_was_trimmed() -> None:
    assert found(audit(kept=5)) == (1, 0)


def test_a_gap_is_false_if_nothing_was_put_back() -> None:
    assert found(audit(kept=2, back=False)) == (1, 0)


def resumed(after: str) -> Audit:
    """Return the audit of a client that goes on after an entry at another offset than before.

    It joined with its own `entered`, x2, which is not given to it. All entries were lost, and were
    put back in another order.
    """
    chronicle = Chronicle()
    for number in (1, 2, 3):
        added(chronicle, number, number, f"x{number}")
    chronicle.rolled_back(5.0, {}, [])
    for offset, number in enumerate((3, 1, 2), 1):
        added(chronicle, 6.0, offset, f"x{number}", f" k1-{number} 1")
    added(chronicle, 7.0, 4, "y4")
    offset = {"x3": 1, "x1": 2, "x2": 3}[after]
    steps = [step(2.0, "joined", 2, "x2"), step(3.0, "message", 3, "x3")]
    steps += [step(7.0, "joined", offset, after), step(8.0, "message", 4, "y4")]
    return Audit(Track(1, "tea", steps), chronicle, True, {})


def test_a_client_may_go_on_after_its_own_entered() -> None:
    assert found(resumed("x2")) == (0, 0)


def test_a_client_may_not_go_on_after_an_entry_that_it_never_had() -> None:
    assert found(resumed("x1"))[0] > 0


def again(cursor: str) -> Audit:
    """Return the audit of a client that had x3, resumes after y1, and gets x3 again behind it."""
    chronicle = Chronicle()
    for number in (1, 2, 3):
        added(chronicle, number, number, f"x{number}")
    chronicle.rolled_back(5.0, {}, [])
    added(chronicle, 6.0, 1, "y1")
    added(chronicle, 7.0, 2, "x3", " k1-3 1")
    steps = [step(0.5, "joined", 0, "0")]
    steps += [step(number, "message", number, f"x{number}") for number in (1, 2, 3)]
    steps += [step(6.0, "message", 1, "y1"), step(8.0, "joined", 1, cursor)]
    steps += [step(8.0, "message", 2, "x3")]
    return Audit(Track(1, "tea", steps), chronicle, True, {})


def test_an_entry_that_was_put_back_behind_the_cursor_may_come_again() -> None:
    assert [limit.split()[0] for limit in _run(again("y1"))] == ["x3"]


def test_a_cursor_that_names_the_lost_branch_excuses_nothing() -> None:
    audit = again("y1-1z3zk1")
    assert any("x3 came again" in violation.text for violation in audit.run())


def _run(audit: Audit) -> list[str]:
    """Return the known limits of an audit without a violation of doubling."""
    assert not any("again" in violation.text for violation in audit.run())
    return audit.limits


def gapped(gap: bool) -> Audit:
    """Return the audit of a client that missed x2, perhaps with a gap; x2 was put back later."""
    chronicle = Chronicle()
    for number in (1, 2, 3):
        added(chronicle, number, number, f"x{number}")
    chronicle.on_call(3.0, "xtrim", [LOG, b"1"])
    steps = [step(0.5, "joined", 0, "0"), step(1.0, "message", 1, "x1")]
    if gap:
        steps.append(step(4.0, "gap", 3, "x3", "k1-1-x1"))
    steps.append(step(4.0, "message", 3, "x3"))
    chronicle.rolled_back(5.0, {}, [])
    for offset, number in enumerate((3, 2), 1):
        added(chronicle, 6.0, offset, f"x{number}", f" k1-{number} 1")
    added(chronicle, 7.0, 3, "y4")
    steps.append(step(7.0, "message", 3, "y4"))
    return Audit(Track(1, "tea", steps), chronicle, True, {})


def test_an_entry_of_a_gap_that_is_put_back_later_may_be_missing() -> None:
    assert not [one for one in gapped(True).run() if "never came" in one.text]
    assert [one for one in gapped(False).run() if "never came" in one.text]


def before_joining(kept: int) -> Audit:
    """Return the audit of a client that resumes after y1, and gets y5 after a gap.

    It joined with its own `entered`, x2, which is not given to it, and had x3. Redis forgot all
    three, and they were put back behind y1.
    """
    chronicle = Chronicle()
    for number in (1, 2, 3):
        added(chronicle, number, number, f"x{number}")
    chronicle.rolled_back(5.0, {}, [])
    added(chronicle, 6.0, 1, "y1")
    for offset, number in enumerate((1, 2, 3), 2):
        added(chronicle, 6.5, offset, f"x{number}", f" k1-{number} 1")
    added(chronicle, 7.0, 5, "y5")
    chronicle.on_call(7.0, "xtrim", [LOG, b"%d" % kept])
    steps = [step(2.0, "joined", 2, "x2"), step(3.0, "message", 3, "x3")]
    steps += [step(6.6, "message", 1, "y1-1z3zk1"), step(8.0, "joined", 1, "y1-1z3zk1")]
    steps += [step(8.0, "gap", 5, "y5", "k1-1-y1")]
    steps += [step(8.0, "message", 5, "y5")]
    return Audit(Track(1, "tea", steps), chronicle, True, {})


def test_a_gap_over_history_of_which_a_part_is_kept_is_a_known_limit() -> None:
    assert found(before_joining(kept=3)) == (0, 1)


def test_a_gap_over_history_is_false_if_all_of_it_is_kept() -> None:
    assert found(before_joining(kept=4)) == (1, 0)
    assert found(before_joining(kept=5)) == (1, 0)


def test_a_gap_over_history_is_false_over_a_later_entry_that_is_kept() -> None:
    audit = before_joining(kept=3)
    audit.track.steps = [one for one in audit.track.steps if "x3" not in one.event["position"]]
    assert any("1 of 3 were still kept" in violation.text for violation in audit.run())
