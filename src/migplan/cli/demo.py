"""``migplan demo``: the main job on a sample shop, with an embedded PostgreSQL as its production."""

from __future__ import annotations

import shlex
import shutil
import sys
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final

import typer

NAME: Final = "demo"
SHOP: Final = "shop"


def demo(
    schema: Annotated[Path, typer.Option(help="What the shop is to become.")] = Path("schemas"),
    out: Annotated[Path, typer.Option(help="The plan's folder; written over.")] = Path("plans/demo"),
    stop: Annotated[bool, typer.Option("--stop", help="End the demo's PostgreSQL and remove it.")] = False,
) -> int:
    """Start the shop's database as it was, say what differs from its declaration, plan the change and explain it.

    The database stays, so that the plan can be run; ``--stop`` ends it.
    """
    from migplan.core.errors import ConfigError
    from migplan.source.shadow.standing import start_standing, stop_standing

    if stop:
        print("the demo's PostgreSQL is gone" if stop_standing(NAME) else "there is no PostgreSQL of a demo")
        return 0
    if not schema.is_dir():
        raise ConfigError(
            f"there is no folder {schema}", hint="Run the demo in a checkout of migplan, or give --schema."
        )
    print("starting an embedded PostgreSQL as the shop's production …")
    maintenance = start_standing(NAME)
    if (out / "plan.json").is_file():
        shutil.rmtree(out)
    status = _plan(_load_shop(maintenance), schema, out)
    if status == 0:
        print(_farewell(maintenance, out))
    return status


def _load_shop(maintenance: str) -> str:
    from psycopg import sql
    from psycopg.conninfo import make_conninfo

    from migplan.source.connect import connect

    with connect(maintenance) as connection:
        connection.autocommit = True
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(SHOP)))
    url = make_conninfo(maintenance, dbname=SHOP)
    with connect(url) as connection:
        connection.execute(files("migplan.demo").joinpath("shop.sql").read_bytes())
    return url


def _plan(url: str, schema: Path, out: Path) -> int:
    from migplan.cli.diff import diff
    from migplan.cli.plan import plan
    from migplan.cli.review import review
    from migplan.core.next_command import next_command

    _say(f"migplan diff --schema {schema}")
    diff(target=url, schema=[str(schema)])
    _say(f"migplan plan --schema {schema} --out {out}")
    status = plan(target=url, schema=[str(schema)], out=out)
    _say(next_command("review", out))
    review(out)
    return status


def _say(command: str) -> None:
    print(f"\n$ {command}")
    sys.stdout.flush()


def _farewell(maintenance: str, out: Path) -> str:
    """What to paste next: libpq's own variables lead psql and migplan alike to the shop."""
    path = shlex.quote(str(out))
    return f"""
The shop's PostgreSQL goes on running; these commands find it after

  export {" ".join(_variables(maintenance))}

The whole change, as an operator runs it (the confirmation comes after the deploy), what is left, and the way back:

  migplan apply {path}
  migplan confirm {path} 1
  migplan apply {path} --allow-data-loss
  migplan diff
  migplan rollback {path} --to start --accept-irreversible

Change a file in schemas/ and plan again; 'migplan demo' starts over; this ends the shop's PostgreSQL:

  migplan demo --stop
"""


def _variables(maintenance: str) -> list[str]:
    from psycopg.conninfo import conninfo_to_dict

    given = conninfo_to_dict(maintenance)
    found = {"PGHOST": given["host"], "PGPORT": 5432, "PGUSER": given["user"], "PGDATABASE": SHOP}
    variables = [f"{name}={shlex.quote(str(value))}" for name, value in found.items()]
    missing = [shlex.quote(str(path)) for path in _missing_from_path()]
    return [*variables, f"PATH={':'.join(missing)}:$PATH"] if missing else variables


def _missing_from_path() -> list[Path]:
    """Where migplan and psql are, as far as the shell doesn't find them by itself."""
    from migplan.source.shadow.binaries import embedded_binaries

    here = Path(sys.argv[0]).absolute().parent
    places = {"migplan": here, "psql": embedded_binaries()}
    return [place for program, place in places.items() if shutil.which(program) is None]
