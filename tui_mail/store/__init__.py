"""Keeping mail on disk: the only place that speaks SQL. Knows nothing of servers."""
