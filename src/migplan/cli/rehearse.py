"""``migplan rehearse``: run a plan on a filled scratch server while the old and the new application work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from migplan.core.model import Catalog
    from migplan.planfile.folder import PlanFolder
    from migplan.rehearse.rehearsal import Live
    from migplan.source.configuration.config import Config
    from migplan.source.shadow.shadow import Shadow


def rehearse(
    plan: Annotated[Path, typer.Argument(help="The plan's folder.")],
    target: Annotated[str | None, typer.Option(help="Whose schema and statistics: a target, or a libpq URL.")] = None,
    server: Annotated[
        str | None, typer.Option(help="A libpq URL of the scratch server; default [shadow] url, else one started here.")
    ] = None,
    scale: Annotated[float, typer.Option(min=0.0, help="Rows as a share of the target's.")] = 1.0,
    most_rows: Annotated[int, typer.Option(min=0, help="Rows in one table at most.")] = 100_000,
    old: Annotated[Path | None, typer.Option(metavar="FILE.sql", help="What the old application says.")] = None,
    new: Annotated[
        list[Path] | None, typer.Option(metavar="FILE.sql", help="What the new one says; once for each checkpoint.")
    ] = None,
    sessions: Annotated[int, typer.Option(min=1, max=32, help="Sessions of each application.")] = 4,
    rate: Annotated[float, typer.Option(min=0.0, help="Operations a second and session; 0: all it can.")] = 50.0,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long the baseline, and each deploy, lasts.")] = 3.0,
    max_stall: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Longest operation; default the lock timeout + 0.5.")
    ] = None,
    format: Annotated[str, typer.Option(help="text or json.")] = "text",
    config: Annotated[Path | None, typer.Option(help="migplan.toml, where it isn't here.")] = None,
) -> int:
    """Rebuild the live schema on a scratch server, fill it with generated rows, and run the plan under traffic.

    Nothing is written to the target. Exit status: 0 no error, no lost write, no stall past the limit; 1 otherwise.
    """
    from migplan.core.errors import ConfigError
    from migplan.planfile.folder import read_folder
    from migplan.rehearse.rehearsal import Wishes
    from migplan.rehearse.rehearsal import rehearse as run
    from migplan.rehearse.report import text
    from migplan.source.configuration.config import read_config

    if format not in ("text", "json"):
        raise ConfigError(f"unknown format {format!r}", hint="Formats: text, json.")
    folder = read_folder(plan)
    configuration = read_config(config)
    settings = configuration.settings(offline=folder.plan.offline)
    live = _live(folder, configuration, configuration.target_url(target))
    shadow = _server(server or configuration.shadow.url, configuration, live.catalog)
    limit = settings.lock_timeout / 1000 + 0.5 if max_stall is None else max_stall
    wishes = Wishes(limit, scale, most_rows, sessions, rate, seconds, seconds, old, tuple(new or ()))
    found = run(folder, live, shadow, settings, wishes)
    _keep(folder, passed=found.passed)
    print(found.model_dump_json(indent=2) if format == "json" else text(found))
    return 0 if found.passed else 1


def _keep(folder: PlanFolder, *, passed: bool) -> None:
    """A rehearsal is evidence like any other run."""
    from migplan.execute.journey import stops
    from migplan.execute.ledger.ledger import operator_name
    from migplan.planfile.trials import Trial, now, record

    end = stops(folder.plan)[-1]
    trial = Trial(
        stage="rehearsal",
        at=now(),
        by=operator_name(),
        digest=folder.plan.digest,
        direction="up",
        boundary=end.name,
        phases=end.phases,
        outcome="reached" if passed else "failed",
        error=None if passed else "an error, a lost write or a long stall",
    )
    record(folder, trials=[trial])


def _live(folder: PlanFolder, config: Config, url: str) -> Live:
    """The target's schema, as far as the plan's proof managed it, and its statistics."""
    import contextlib

    from migplan.rehearse.rehearsal import Live
    from migplan.rehearse.statistics import read_statistics
    from migplan.source.connect import connect
    from migplan.source.reading.introspect import Scope
    from migplan.source.reading.live import introspect_live
    from migplan.source.reading.managed import Managed

    proof = folder.plan.proof
    scope = Scope(None if proof.schemas is None else frozenset(proof.schemas))
    managed = Managed(scope, patterns=tuple(proof.ignored))
    with contextlib.closing(connect(url)) as connection:
        return Live(managed.of(introspect_live(connection, scope)), managed, read_statistics(connection))


def _server(url: str | None, config: Config, live: Catalog) -> Shadow:
    """Never the target's own server unless it is named: a rehearsal is a load."""
    from migplan.source.catalog_roles import roles_of
    from migplan.source.presets import read_setup_files
    from migplan.source.shadow.postmaster import LIKE_LIVE
    from migplan.source.shadow.shadow import choose_shadow

    setup = read_setup_files(config.shadow.preset, (config.resolve(p) for p in config.shadow.setup))
    shadow = choose_shadow(None, url=url, setup=setup, major=live.major, settings=LIKE_LIVE)
    return shadow.needing({}, roles_of(live, owners=config.manage.owners))
