"""Text search parsers, templates, dictionaries and configurations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.both_ways import OFFLINE, both_ways, from_nothing

from migplan.core.settings import Settings

if TYPE_CHECKING:
    from tests.conftest import MakeDb

USERS = """
CREATE TABLE t (a text, v tsvector GENERATED ALWAYS AS (to_tsvector('public.c'::regconfig, a)) STORED);
CREATE INDEX i ON t USING gin (to_tsvector('public.c'::regconfig, a));
"""


def test_every_attribute_is_created_and_dropped(make_db: MakeDb) -> None:
    from_nothing(
        make_db,
        r"""
        CREATE TEXT SEARCH PARSER p
          (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, HEADLINE = prsd_headline,
           LEXTYPES = prsd_lextype);
        CREATE TEXT SEARCH TEMPLATE m (INIT = dsimple_init, LEXIZE = dsimple_lexize);
        CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = snowball, language = english, stopwords = 'english');
        CREATE TEXT SEARCH DICTIONARY e (TEMPLATE = m, accept = false);
        CREATE TEXT SEARCH CONFIGURATION c (PARSER = p);
        ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR word, asciiword WITH e, d, simple;
        CREATE TEXT SEARCH CONFIGURATION "Copied" (COPY = pg_catalog.german);
        COMMENT ON TEXT SEARCH PARSER p IS 'p';
        COMMENT ON TEXT SEARCH TEMPLATE m IS 'm';
        COMMENT ON TEXT SEARCH DICTIONARY d IS 'd';
        COMMENT ON TEXT SEARCH CONFIGURATION c IS 'c';
        """,
    )


@pytest.mark.parametrize("settings", [OFFLINE, Settings()], ids=["offline", "online"])
def test_options_and_mappings_change_in_place(make_db: MakeDb, settings: Settings) -> None:
    run = both_ways(
        make_db,
        """
        CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = snowball, language = english, stopwords = english);
        CREATE TEXT SEARCH CONFIGURATION c (PARSER = "default");
        ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR word, asciiword, hword WITH d;
        """
        + USERS,
        """
        CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = snowball, language = german);
        CREATE TEXT SEARCH DICTIONARY e (TEMPLATE = simple, accept = false);
        CREATE TEXT SEARCH CONFIGURATION c (PARSER = "default");
        ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR word, asciiword WITH e, d;
        ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR email WITH simple;
        """
        + USERS,
        settings=settings,
    )
    assert "ALTER TEXT SEARCH DICTIONARY public.d (stopwords, language = 'german')" in run.up
    assert "ALTER TEXT SEARCH CONFIGURATION public.c DROP MAPPING FOR hword" in run.up


def test_another_template_carries_configurations_and_their_users(make_db: MakeDb) -> None:
    rest = """
        CREATE TEXT SEARCH CONFIGURATION c (PARSER = "default");
        ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR word WITH d;
    """
    both_ways(
        make_db,
        "CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple);" + rest + USERS,
        "CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = snowball, language = english);" + rest + USERS,
    )
