"""The errors meant for the person who runs the workflow.

Each message says what was found, where, what was expected, and what to do. Anything else that is raised
is a bug, and is left with its traceback.
"""


class EarningsThemesError(Exception):
    """Base of every error that a user can do something about."""


class ConfigError(EarningsThemesError):
    """A key or a value of the configuration is not allowed."""


class InputError(EarningsThemesError):
    """The transcripts cannot be read as they are."""


class UnknownFirmError(InputError):
    """The source holds no call of a firm that was asked for."""


class ModelError(EarningsThemesError):
    """A model cannot be loaded, or what it was given cannot be used."""


class ResultError(EarningsThemesError):
    """A file of a run is missing, damaged, or of another version."""


class CoverageError(EarningsThemesError):
    """Too many firms are missing for themes that stand for the whole run."""


class CloudError(EarningsThemesError):
    """AWS refused a request, or could not be reached."""


class ReduceError(EarningsThemesError):
    """The reduce's job in the cloud failed, ran out of time, or was stopped."""


class StoreError(EarningsThemesError):
    """The store cannot be read or written now: another publisher is at it, it is damaged, or out of reach."""


class NotFoundError(EarningsThemesError):
    """The store holds no such run, theme, topic or firm."""
