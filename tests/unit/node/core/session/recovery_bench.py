"""What a session's recovery stands on in its tests."""

from node.core.model import FencingToken
from node.core.session.ownership import OwnershipCheck
from node.core.session.recovery import Recovery, Stranded
from node.core.session.session import Session
from tests.unit.node.core.fakes import FakeBroker
from wire import messages as m


class RecoveryBench:
    """A recovery over a fake broker, and the connection that it belongs to."""

    def __init__(self) -> None:
        self.session = Session()
        self.session.begin(FencingToken("s1", "inc.0"), "ana", 1)
        self.is_over = False
        self.has_quit = False
        self.under_way = 0
        self.repeated: list[m.AnyRequest] = []
        self.advanced = 0
        self.was_cut_off = False
        self.broker = FakeBroker()
        self.ownership = OwnershipCheck(self.broker)
        self.recovery = Recovery(self, self.broker, self.ownership)

    def repeat(self, stranded: list[Stranded]) -> None:
        self.under_way -= len(stranded)
        self.repeated += [waiting.request for waiting in stranded]

    def advance(self) -> None:
        self.advanced += 1

    def cut_off(self) -> None:
        self.was_cut_off = self.is_over = True
