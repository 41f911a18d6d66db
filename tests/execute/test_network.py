"""A network that breaks in the middle of something, or goes silent: a run goes on by itself, or ends and is continued."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
import time
from typing import TYPE_CHECKING

import psycopg
import pytest
from tests.execute.conftest import Shop
from tests.support.live import Heard, State, back_to, expect_same, state, to_the_end
from tests.support.proxy import Fate, proxy

from migplan.execute.failures import interrupts, silence
from migplan.execute.ledger.ledger import FencedError

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.support.proxy import Line, Proxy

STEP, INDEX, BATCH = b"up .*ADD COLUMN", b"up .*CREATE INDEX CONC", b"backfill .*UPDATE public.item SET"
SETTLED, NOTED, POSITION = b"up .*'applied', ", b"up .*state, commands, run", b"backfill .*UPDATE migplan.backfill"
PLACES = (STEP, SETTLED, b"up .*COMMIT", INDEX, NOTED, BATCH, POSITION, b"backfill .*COMMIT")
ATTEMPT = b"apply .*INSERT INTO migplan.attempt"
"""What a connection calls itself, and what it says."""


class Breaks:
    """Decides what becomes of the first message at each of the places, and of its connection, or of all of them."""

    def __init__(self, fate: Fate, *places: bytes, of_all: Proxy | None = None) -> None:
        self.left, self._fate, self._of_all = list(places), fate, of_all

    def __call__(self, line: Line, message: bytes) -> Fate:
        said = line.name.removeprefix("migplan ").encode() + message
        place = next((p for p in self.left if re.match(p, said, re.S)), None)
        if place is None:
            return Fate.ARRIVES
        self.left.remove(place)
        if self._of_all:
            self._of_all.cut(besides=line)
        return self._fate


@pytest.mark.pg(18)
def test_connections_that_are_cut(shop: Shop) -> None:
    """In a step, its COMMIT, an index, a batch and its COMMIT: on the way to the server, and on the way back. Where all
    of them are, the run ends."""
    folder, wanted = shop.migration.folder, _uninterrupted(shop)
    with proxy(shop.url) as between:
        for fate in (Fate.IS_LOST, Fate.ARRIVES_LAST):
            between.decide, heard = Breaks(fate, *PLACES), Heard()
            to_the_end(folder, between.url, heard)
            assert between.decide.left == []
            assert sum("connecting again" in said for said in heard.said) == len(PLACES)
            expect_same(state(shop.url), wanted)
            back_to(folder, shop.url)
        for place in (SETTLED, INDEX, POSITION):
            between.decide = Breaks(Fate.ARRIVES_LAST, place, of_all=between)
            with pytest.raises(FencedError, match="operator's lock is gone"):
                to_the_end(folder, between.url)
            assert between.decide.left == []
        to_the_end(folder, between.url)
        expect_same(state(shop.url), wanted)


@pytest.mark.pg(18)
def test_a_connection_that_goes_silent(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ends stay open, and nothing arrives any more; where that is the lock's connection, the run ends."""
    monkeypatch.setattr(silence, "SILENT_FOR", 0.5)
    folder, heard = shop.migration.folder, Heard()
    with proxy(shop.url) as between:
        between.decide = Breaks(Fate.HANGS, STEP, INDEX, BATCH)
        to_the_end(folder, between.url, heard)
        assert sum("nothing arrives from the server" in said for said in heard.said) == 3
        back_to(folder, shop.url)
        between.decide = Breaks(Fate.HANGS, ATTEMPT)
        with pytest.raises(FencedError, match="operator's lock is gone"):
            to_the_end(folder, between.url)


@pytest.mark.pg(18)
def test_a_server_that_answers_nobody(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator is told, and one Ctrl-C ends it; afterwards signals mean what they meant before."""
    monkeypatch.setattr(silence, "SILENT_FOR", 0.5)
    monkeypatch.setattr(interrupts, "LAST_CHANCE", 0.5)
    folder, heard, before = shop.migration.folder, Heard(), signal.getsignal(signal.SIGINT)
    with proxy(shop.url) as between:
        breaks = Breaks(Fate.HANGS, INDEX)
        between.decide = lambda line, message: breaks(line, message) if breaks.left else Fate.HANGS
        with _asking_once_told(heard), pytest.raises(KeyboardInterrupt) as ended:
            to_the_end(folder, between.url, heard)
    assert not breaks.left
    assert _is_told(heard)
    assert "the same command continues; 'migplan rollback' leads back" in ended.value.__notes__
    assert signal.getsignal(signal.SIGINT) is before
    to_the_end(folder, shop.url)


@pytest.mark.pg(18)
def test_a_server_that_answers_nobody_for_long(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run ends by itself, on all its connections at once."""
    monkeypatch.setattr(silence, "SILENT_FOR", 0.5)
    monkeypatch.setattr(silence, "GIVEN_UP", 1.0)
    folder, heard = shop.migration.folder, Heard()
    with proxy(shop.url) as between:
        breaks = Breaks(Fate.HANGS, INDEX)
        between.decide = lambda line, message: breaks(line, message) if breaks.left else Fate.HANGS
        with pytest.raises(FencedError, match="operator's lock is gone"):
            to_the_end(folder, between.url, heard)
    assert sum("giving up" in said for said in heard.said) == 1, heard.said
    to_the_end(folder, shop.url)


def _is_told(heard: Heard) -> bool:
    return any("nothing has come from the server" in said for said in heard.said)


@contextlib.contextmanager
def _asking_once_told(heard: Heard) -> Generator[None]:
    """Ctrl-C as soon as the operator knows; after half a minute even if not, so that the test ends."""
    over = threading.Event()

    def ask() -> None:
        end = time.monotonic() + 30
        while not _is_told(heard) and time.monotonic() < end and not over.wait(0.05):
            pass
        if not over.is_set():
            os.kill(os.getpid(), signal.SIGINT)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    try:
        yield
    finally:
        over.set()
        asking.join()


@pytest.mark.pg(18)
def test_a_pooler_that_says_numbers_of_its_own(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for a lock behind one isn't taken for a connection that went silent, and who is in the way is named."""
    monkeypatch.setattr(silence, "SILENT_FOR", 0.5)
    heard = Heard()
    with proxy(shop.url) as between, psycopg.connect(shop.url) as blocker:
        between.pools = True
        with psycopg.connect(between.url) as told:
            assert told.info.backend_pid == 1
        blocker.execute("LOCK TABLE item IN SHARE MODE")
        threading.Timer(1.6, blocker.rollback).start()
        to_the_end(shop.migration.folder, between.url, heard)
    assert [said for said in heard.said if "nothing arrives" in said] == []
    assert any("waiting for" in said for said in heard.said)


def _uninterrupted(shop: Shop) -> State:
    to_the_end(shop.migration.folder, shop.url)
    wanted = state(shop.url)
    back_to(shop.migration.folder, shop.url)
    return wanted
