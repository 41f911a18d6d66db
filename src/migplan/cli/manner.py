"""What the command line and migplan.toml say of how a run behaves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from migplan.core.errors import ConfigError

if TYPE_CHECKING:
    from migplan.execute.backfills.backfill_job import Pace
    from migplan.execute.beforehand.demands import Demands
    from migplan.execute.beforehand.maintenance import Maintenance
    from migplan.execute.hooks import Hooks
    from migplan.source.configuration.config import Config

_AGE: Final = re.compile(r"(\d+)\s*(s|min|h|)")
_SECONDS: Final = {"": 1, "s": 1, "min": 60, "h": 3600}


def seconds(age: str | None, option: str) -> float | None:
    """``90``, ``90s``, ``10min``, ``1h`` in seconds. Raises ``ConfigError`` for anything else."""
    if age is None:
        return None
    found = _AGE.fullmatch(age.strip())
    if found is None:
        raise ConfigError(f"{option}: {age!r} is no age", hint="Write 90s, 10min or 1h.")
    return float(int(found[1]) * _SECONDS[found[2]])


def pace(config: Config, workers: int, max_lag: int) -> Pace:
    """How fast batches go; a lag of 0 is none that they'd wait for."""
    from migplan.execute.backfills.backfill_job import Pace

    settings = config.planning
    return Pace(settings.batch_rows, workers, float(max_lag) if max_lag else None, settings.lock_timeout)


def maintenance(config: Config, *, now: bool, wait: bool) -> Maintenance:
    """The maintenance windows of migplan.toml; none where the operator says ``--now``."""
    from migplan.core.hours import hours
    from migplan.execute.beforehand.maintenance import Maintenance

    return Maintenance(() if now else tuple(hours(text) for text in config.windows), wait)


def hooks(config: Config) -> Hooks:
    """The operator's own commands."""
    from migplan.execute.hooks import Hooks

    return Hooks(config.hooks.before, config.hooks.smoke, config.hooks.timeout / 1000)


def demands(config: Config, stage: str | None) -> Demands:
    """What the stage wants."""
    from migplan.execute.beforehand.demands import Demands

    found = config.stages.get(stage or "")
    if found is None:
        return Demands()
    return Demands(found.after, found.approval, found.backup)
