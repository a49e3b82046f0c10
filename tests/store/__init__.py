"""The room that keeps mail on disk."""
