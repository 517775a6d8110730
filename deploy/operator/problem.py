"""What ends a command: its text is printed as one line."""


class Failed(Exception):
    """Exit status 1."""


class Wrong(Exception):
    """Of the command line or a setting: exit status 2."""
