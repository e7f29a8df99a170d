"""The settings of a node's broker."""

from dataclasses import dataclass


@dataclass(frozen=True)
class BrokerConfig:
    """How the broker behaves; times are in seconds."""

    retained: int = 1000
    """Entries of each log that are not trimmed (`--history`)."""
    grace: float = 30.0
    """How long a session lives on without a connection."""
    notices: int = 200
    """Members of a room up to which it has notices of who enters and leaves."""
    room_idle: float = 86400.0
    """How long a room lives on without members."""
    lease: float = 8.0
    """How long this node's sessions are its own after a renewal."""
    heal_within: float = 3.0
    """How long other nodes may take to put back what Redis lost before it came back."""
    replicas: int = 0
    """How many replicas of Redis must have a change before it counts as done."""
    version: str = ""
    """The version of this node, for moderators to see."""
    alone: bool = False
    """This process has the broker for itself, and the broker loses nothing: nobody to wait for."""
