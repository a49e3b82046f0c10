"""Store and server, made to agree: against a real Dovecot over TLS."""
