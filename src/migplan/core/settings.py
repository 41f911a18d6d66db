"""What decides how a plan is made, beside the two catalogs and the directives."""

from __future__ import annotations

from migplan.core.records import record


@record
class Settings:
    """``small_rows`` and ``small_bytes`` bound what counts as a small table (both must hold).

    ``offline`` says that nobody uses the database: plain DDL in one window. ``owners`` and ``grants`` tell whether
    those are managed. ``backup`` (none, table) says what becomes of dropped values, ``keep_old`` that a dropped table
    stays aside until the application has proved itself without it. ``lock_timeout`` and ``statement_timeout`` are
    milliseconds. ``batch_rows`` starts a backfill. ``dual_write`` says who keeps both columns of a rename in step: a
    trigger, or the application itself, by three deploys.
    """

    offline: bool = False
    small_rows: int = 10_000
    small_bytes: int = 64 * 1024 * 1024
    owners: bool = False
    grants: bool = True
    lock_timeout: int = 2_000
    statement_timeout: int = 7_000
    batch_rows: int = 5_000
    backup: str = "none"
    keep_old: bool = False
    dual_write: str = "trigger"
