"""Clocks that jump: the operator's while a lock is waited for, the server's between two runs."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from tests.support.live import Heard, back_to, order, state

from migplan.execute.apply import apply
from migplan.execute.journey import stop_named

if TYPE_CHECKING:
    from tests.execute.conftest import Shop

DAY = 86_400
TIMES = """
SELECT format('UPDATE migplan.%I SET %s', table_name, string_agg(format('%1$I = %1$I + $1', column_name), ', '))
FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_schema = 'migplan' AND table_type = 'BASE TABLE' AND data_type = 'timestamp with time zone'
  AND is_generated = 'NEVER' GROUP BY table_name
"""
"""What makes the ledger one that was written by another clock."""


TRIES = 2


@dataclass
class Patient(Heard):
    """Lets go of what a run waits for once it has tried twice."""

    holding: psycopg.Connection[Any] | None = None
    tries: int = 0

    def say(self, message: str) -> None:
        """One more try, perhaps."""
        super().say(message)
        self.tries += "trying again in" in message
        if self.tries == TRIES and self.holding is not None:
            self.holding.commit()


@pytest.mark.pg(18)
def test_neither_ends_a_run_nor_loses_its_place(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, real = shop.migration.folder, time.time
    leaps = itertools.cycle((0, DAY, -DAY, 3600, -3600))
    monkeypatch.setattr(time, "time", lambda: real() + next(leaps))
    with psycopg.connect(shop.url, application_name="report") as db:
        db.execute("SELECT count(*) FROM item")
        heard = Patient(holding=db)
        apply(folder, order(shop.url, heard), stop_named(folder.plan, "w0_1_expand"))
    assert heard.tries == TRIES
    for leap in ("1 day", "-2 days"):
        _leap(shop, leap)
        assert shop.command("status").status == 0
        assert shop.command("doctor").status == 0
        assert apply(folder, order(shop.url)).stop == stop_named(folder.plan, "w0")
    _leap(shop, "2 days")
    assert shop.command("confirm", "1").status == 0
    assert shop.command("apply", "--yes", "--allow-data-loss").status == 0
    _leap(shop, "-3 days")
    back_to(folder, shop.url)
    assert state(shop.url).schema == shop.before.schema


def _leap(shop: Shop, interval: str) -> None:
    with psycopg.connect(shop.url, autocommit=True) as db:
        for (statement,) in db.execute(TIMES).fetchall():
            db.execute(str(statement).replace("$1", f"interval '{interval}'").encode())
