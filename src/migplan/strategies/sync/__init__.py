"""What keeps old and new in step while both versions write: triggers, and the filling of existing rows."""
