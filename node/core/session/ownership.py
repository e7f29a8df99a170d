"""Whether a session that the broker refuses was forgotten: one question for many sessions."""

from collections.abc import Callable

from node.core.interfaces import Broker
from node.core.model import Failure


class OwnershipCheck:
    """Asks the broker whether it forgot sessions: once, for all that it refused in the meantime."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._asking: list[Callable[[bool | Failure], None]] = []

    def ask(self, done: Callable[[bool | Failure], None]) -> None:
        """The broker says that a session here is not ours: did it move on, or was it forgotten?

        Sessions that were forgotten are being put back when ``done`` is called.
        """
        self._asking.append(done)
        if len(self._asking) == 1:
            self._broker.check(self._checked)

    def _checked(self, reply: bool | Failure) -> None:
        asking, self._asking = self._asking, []
        for done in asking:
            done(reply)
