"""Mail that wants something: look-alike senders, links that lie, a Reply-To of somebody else."""

from __future__ import annotations

from tui_mail.demo.sample.automatic import Machine
from tui_mail.demo.sample.dice import Dice
from tui_mail.demo.sample.letters import Person, alternative, plain


def parcel_fee(dice: Dice, serial: int) -> Machine:
    """A parcel that is held for a small sum; the link shows one address and opens another."""
    text = (
        "Dear customer,\n\nyour parcel could not be delivered because of an open fee of 1,99 €.\n"
        "Pay within 24 hours: https://gullparcel.example/pay\n"
    )
    html = (
        "<html><body><p>Dear customer,</p><p>your parcel could not be delivered because of an open fee of "
        f'<b>1,99&nbsp;€</b>.</p><p><a href="http://gull-parcel.pay-{serial % 97}.example/r?id={serial:x}">'
        "https://gullparcel.example/pay</a></p><p>After 24 hours your parcel is sent back!</p></body></html>\n"
    )
    sender = Person("Gull Parcel", f"service@gullparce1-{serial % 97}.example")
    return Machine(sender, "⚠ Your parcel is waiting: fee of 1,99 €", "", alternative(text, html, serial))


def mailbox_full(dice: Dice, serial: int) -> Machine:
    """From "the administrator", who answers somewhere else."""
    text = (
        "Your mailbox robin@tidewater.example has reached 99% of its quota.\n"
        "Incoming messages are being held. Confirm your password here to release them:\n\n"
        f"http://tidewater.example.login-{serial % 89}.example/confirm\n\nMail Administrator\n"
    )
    extra = f"Reply-To: helpdesk@quota-{serial % 89}.example\nX-Priority: 1\n"
    sender = Person("Tidewater Mail Administrator", f"admin@tidewater-mail-{serial % 89}.example")
    return Machine(sender, "Action required: 14 messages are held", extra, plain(text))


def the_boss(dice: Dice, serial: int) -> Machine:
    """A colleague's name, a stranger's address."""
    text = "Robin, are you at your desk? I need a small favour before my meeting. Please answer here only.\n\nInes\n"
    return Machine(
        Person("Ines Okafor", f"ines.okafor.ceo{serial % 60}@freepost.example"), "Quick favour", "", plain(text)
    )


def prize(dice: Dice, serial: int) -> Machine:
    """The classic."""
    sums = dice.between(2, 9)
    text = (
        f"CONGRATULATIONS!!!\n\nYour address was drawn among {sums} million.\n"
        f"Claim your prize of € {sums}50.000,00 now.\nReference: {serial % 10**6:06d}\n"
    )
    return Machine(Person("Lottery Desk", "winner@big-prize.example"), f"You have WON € {sums}50.000", "", plain(text))


def cheap(dice: Dice, serial: int) -> Machine:
    """Things nobody asked for."""
    thing = dice.pick(("Solar panels", "Watches", "A mattress", "Followers", "Printer ink", "Roof cleaning"))
    html = (
        f'<html><body><h1 style="color:red">{thing} −{dice.between(60, 95)}%</h1>'
        f'<a href="http://deal-{serial % 300}.example/">CLICK HERE</a></body></html>\n'
    )
    sender = Person(f"{thing} Outlet", f"deal@deal-{serial % 300}.example")
    return Machine(
        sender, f"🔥 {thing}: today only 🔥", "Precedence: bulk\n", alternative(f"{thing}, today only.\n", html, serial)
    )


PHISHING = (parcel_fee, mailbox_full, the_boss)
EVERYTHING = (*PHISHING, prize, cheap, cheap)
