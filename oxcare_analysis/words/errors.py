"""The three ways a command can fail, each with its exit code."""


class OxcareError(Exception):
    """Base of all errors shown to a user as one paragraph, without a traceback."""

    exit_code = 4


class UsageError(OxcareError):
    """A wrong argument or setting (exit code 2)."""

    exit_code = 2


class DataError(OxcareError):
    """Figures that cannot be taken as they are (exit code 3)."""

    exit_code = 3


class RunError(OxcareError):
    """A notebook or a publishing step failed (exit code 4)."""

    exit_code = 4
