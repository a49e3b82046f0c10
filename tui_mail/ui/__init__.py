"""The screen. Reads the store through MailClient, shows SafeText only, and never waits for the network."""
