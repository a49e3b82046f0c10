"""Reading every message below a folder through the real code."""
