"""Threads that make store and servers agree. Decisions are pure functions of plain values; doing is a thin loop."""
