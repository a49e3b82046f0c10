"""Talking to servers: sessions that turn protocol into plain data. Knows nothing of the store."""
