"""Conversions between encodings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.both_ways import both_ways, from_nothing

if TYPE_CHECKING:
    from tests.conftest import MakeDb


def test_every_attribute_is_created_and_dropped(make_db: MakeDb) -> None:
    from_nothing(
        make_db,
        """
        CREATE DEFAULT CONVERSION c FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;
        CREATE CONVERSION d FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
        COMMENT ON CONVERSION c IS 'c';
        """,
    )


def test_becomes_the_default(make_db: MakeDb) -> None:
    both_ways(
        make_db,
        "CREATE CONVERSION c FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
        "CREATE DEFAULT CONVERSION c FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
    )
