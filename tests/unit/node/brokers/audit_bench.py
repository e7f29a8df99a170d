"""An audit of seats, with everything around it stood in for."""

from typing import Any

from node.brokers.config import BrokerConfig
from node.brokers.seat_audit import LISTED, SeatAudit
from tests.unit.node.brokers.seats_bench import SeatsBench

SEAT = [b"s1", b"op1", b"7", b"Ana", b"n.1"]
RIGHT = [b"in", b"7", b"Ana", b"ana", b"n.1"]
LEASE = 8


class AuditBench(SeatsBench):
    """An audit of the rooms `tea` and `den`, which this node follows."""

    def __init__(self, alone: bool = True, servers: int = 1) -> None:
        """With two servers, the second one has `tea`, and the first one everything else."""
        config = BrokerConfig(alone=alone, lease=float(LEASE))
        super().__init__(config, servers, lambda tag: int(servers > 1 and tag == "r:tea"))
        self.named = 0
        self.context.births |= {"r:tea": b"b1", "r:den": b"b2"}
        self.audit = SeatAudit(self.context, self.settler, self._name_all)

    def _name_all(self) -> None:
        self.named += 1

    def pass_seconds(self, seconds: int) -> None:
        """Let time pass in which Redis answers, and remembers the lease."""
        for _ in range(seconds):
            self.time += 1.0
            self.contact.answered(self.time, self.time)
            self.contact.found(self.time, True)
            self.audit.look()

    def listed(self) -> str:
        """Return of which room seats are listed."""
        [call] = [call for call in self.calls if call.script == "seats"]
        return str((call.args() or ())[1])

    def page(self, *seats: list[bytes], cursor: bytes = b"0") -> Any:
        """Answer with some seats; return the cursor that was asked for."""
        rows = [part for seat in seats for part in seat]
        args = self.answer("seats", [b"b1", cursor, *rows]) or ()
        assert args[-1] == LISTED
        return args[-2]

    def compare(self, seat: list[bytes], verdict: list[bytes]) -> None:
        """Compare the only seat of `tea`."""
        self.context.births = {"r:tea": b"b1"}
        self.audit.look()
        self.page(seat)
        self.answer("verify", [b"ok", verdict])
