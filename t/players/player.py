"""What every player in this folder can do."""

from abc import ABC, abstractmethod
from pathlib import Path


class Player(ABC):
    name: str
    note = ''                          # for docs/players.md
    resumes = True                     # after its connection was cut
    seeks = 1                          # of which one must be right

    @staticmethod
    @abstractmethod
    def version() -> str:
        """Raises something if it is not installed."""

    @abstractmethod
    def __init__(self, url: str, home: Path) -> None:
        """Opens the URL; files that it needs are made in "home"."""

    @abstractmethod
    def duration(self) -> float:
        """The seconds that it shows now."""

    @abstractmethod
    def seek(self, seconds: float) -> None:
        """To there from the beginning."""

    @abstractmethod
    def sound(self, seconds: float) -> bytes:
        """
        Plays, to the end if no seconds are given, and returns what was to be
        heard since the seek or the beginning: so many seconds or more of one
        channel of signed 16 bit samples, position.RATE a second.
        """

    @abstractmethod
    def close(self) -> None:
        """Leaves nothing behind but files."""
