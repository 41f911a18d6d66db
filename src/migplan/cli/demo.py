"""``migplan demo``: the main job on a sample shop, with an embedded PostgreSQL as its production."""

from __future__ import annotations

import shlex
import shutil
import sys
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

NAME = "demo"


def demo(
    schema: Annotated[Path, typer.Option(help="What the shop is to become.")] = Path("schemas"),
    out: Annotated[Path, typer.Option(help="The plan's folder; written over.")] = Path("plans/demo"),
    stop: Annotated[bool, typer.Option("--stop", help="End the demo's PostgreSQL and remove it.")] = False,
) -> int:
    """Start the shop's database as it was, say what differs from its declaration, plan the change and explain it.

    The database stays, so that the plan can be run; ``--stop`` ends it.
    """
    from migplan.core.errors import ConfigError
    from migplan.source.standing import start_standing, stop_standing

    if stop:
        print("the demo's PostgreSQL is gone" if stop_standing(NAME) else "there is no PostgreSQL of a demo")
        return 0
    if not schema.is_dir():
        raise ConfigError(
            f"there is no folder {schema}", hint="Run the demo in a checkout of migplan, or give --schema."
        )
    print("starting an embedded PostgreSQL as the shop's production …")
    url = _load_shop(start_standing(NAME))
    shutil.rmtree(out, ignore_errors=True)
    status = _plan(url, schema, out)
    if status == 0:
        print(_next(url, schema, out))
    return status


def _load_shop(maintenance: str) -> str:
    from psycopg import sql

    from migplan.source.connect import connect

    with connect(maintenance) as connection:
        connection.autocommit = True
        connection.execute(sql.SQL("CREATE DATABASE shop"))
    url = maintenance.replace("/postgres?", "/shop?", 1)
    with connect(url) as connection:
        connection.execute(files("migplan.demo").joinpath("shop.sql").read_bytes())
    return url


def _plan(url: str, schema: Path, out: Path) -> int:
    from migplan.cli.diff import diff
    from migplan.cli.plan import plan
    from migplan.cli.review import review

    _say(f"migplan diff --target $SHOP --schema {schema}")
    diff(target=url, schema=[str(schema)])
    _say(f"migplan plan --target $SHOP --schema {schema} --out {out}")
    status = plan(target=url, schema=[str(schema)], out=out)
    _say(f"migplan review {out}")
    review(out)
    return status


def _say(command: str) -> None:
    print(f"\n$ {command}")
    sys.stdout.flush()


def _next(url: str, schema: Path, out: Path) -> str:
    migplan = sys.argv[0] if Path(sys.argv[0]).exists() else "migplan"
    target = f"export SHOP={shlex.quote(url)}"
    files = [f"psql $SHOP -v ON_ERROR_STOP=1 -f {path}" for path in sorted(out.glob("*.up.sql"))]
    steps = [
        (target, "the shop's database; it stays until you stop it"),
        (f"{migplan} review {out} --why swap:table:public.orders", "why a step is where it is"),
        ("\n  ".join(files), "run it, in this order; the application would be deployed between w0 and w1"),
        (f"{migplan} diff --target $SHOP --schema {schema}", "nothing is left to do"),
        (f"{migplan} demo --stop", "end the demo's PostgreSQL"),
    ]
    lines = "\n".join(f"  {command}\n      # {why}" for command, why in steps)
    return f"\nNext, if you like:\n{lines}\n"
