"""``python -m migplan``."""

from migplan.cli.main import main

main()
