"""The interface of the players in this folder."""

from abc import ABC, abstractmethod
from pathlib import Path


class Player(ABC):
    name: str
    note = ''                          # for docs/players.md
    resumes = True                     # after its connection was closed
    tries = 1                          # of what needs a quick machine

    @staticmethod
    @abstractmethod
    def version() -> str:
        """Raises an exception if it is not installed."""

    @abstractmethod
    def __init__(self, url: str, home: Path) -> None:
        """Opens the URL; creates files that it needs in "home"."""

    @abstractmethod
    def duration(self) -> float:
        """The presently displayed duration in seconds."""

    @abstractmethod
    def seek(self, seconds: float) -> None:
        """Seeks from the beginning to a position in seconds."""

    @abstractmethod
    def sound(self, seconds: float) -> bytes:
        """
        Plays, to the end if no seconds are given, and returns the sound since
        the seek or the beginning: so many seconds or more, one channel of signed
        16 bit samples, position.RATE per second.
        """

    @abstractmethod
    def close(self) -> None:
        """Stops it; leaves nothing behind but files."""
