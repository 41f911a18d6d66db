"""The one tree of errors that migplan raises on purpose.

Every error says what failed, on which object or at which place of a file, why, and what to do next. The
command line prints them without a stack trace and leaves with ``exit_code``.
"""

from __future__ import annotations


class MigplanError(Exception):
    """What failed and why.

    ``hint`` names what to do next; ``place`` is ``file:line:column`` or an object's text form.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None, place: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.place = place

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


class ConfigError(MigplanError):
    """migplan.toml, an option or an environment variable is wrong."""


class TargetError(MigplanError):
    """The target database can't be reached, read or is of an unsupported version."""


class SourceError(MigplanError):
    """A declared file can't be read, split or loaded."""


class DirectiveError(SourceError):
    """A ``-- migplan:`` comment is unknown, malformed or matches nothing."""


class ShadowError(MigplanError):
    """No shadow database could be had, or it lacks something that the schema needs."""


class UnsupportedError(MigplanError):
    """The change would need something that migplan doesn't model; it stops instead of guessing."""


class PlanningError(MigplanError):
    """The changes can't be turned into a plan; a bug of migplan unless a directive caused it."""


class BlockedError(MigplanError):
    """A decision of the user's is missing or a policy refuses."""

    exit_code = 3


class PlanFileError(MigplanError):
    """A plan folder is missing, truncated, edited or of an unknown format."""


class ProofError(MigplanError):
    """The plan didn't do on the shadow what it promises."""


class ExecutionError(MigplanError):
    """A step failed or was refused on the target."""
