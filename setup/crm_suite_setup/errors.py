"""The one exception that is meant for the person at the keyboard."""


class SetupError(Exception):
    """One sentence that says what is wrong and what to do about it."""
