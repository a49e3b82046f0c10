"""What a message means: bytes in, plain data out. The only place that parses mail; it never talks to anyone."""
