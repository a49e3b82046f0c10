"""An embedded mail server with sample mail, for trying the client without an account."""
