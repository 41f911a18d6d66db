"""SQL files as text: split into statements, told apart by their tokens, read as psql would."""
