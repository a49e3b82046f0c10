"""The little world that the demo's mail tells of: who writes, about what, and how it becomes bytes.

What belongs here: invented people, texts and the writers that turn them into messages. `demo/mail.py` decides
which message stands where.
What must never be here: a real person, company or address (only the names reserved by RFC 2606 are used).
"""
