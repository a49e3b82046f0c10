"""MailClient: the one object that the screen and the command line drive.

Floor 5: it knows the store and the engine; nothing below knows it.
"""

from tui_mail.client.mail_client import MailClient

__all__ = ["MailClient"]
