"""Who the accounts are: config.toml, secrets. Knows nothing of servers' protocols or of the screen."""
