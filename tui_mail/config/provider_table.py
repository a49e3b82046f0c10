"""The big providers, one row each, written by hand.

What belongs here: facts; each link leads to a page that is sure to stay. What must never be here: anything that is
worked out, or data copied from somebody else's collection. The tests go through every row.
"""

from __future__ import annotations

from tui_mail.config.provider import Place, Provider, UserForm
from tui_mail.model import Security
from tui_mail.settings import Need, ProviderCard


def _at(*hosts: str, user: UserForm = "address") -> tuple[Place, ...]:
    """Servers with TLS from the start."""
    return tuple(Place(host, user=user) for host in hosts)


def _sent_through(host: str, user: UserForm = "address") -> tuple[Place, ...]:
    """A server that takes mail on both ports: TLS from the start, and STARTTLS where a network blocks that."""
    return Place(host, Security.TLS, user), Place(host, Security.STARTTLS, user)


_STARTTLS = Security.STARTTLS

PROVIDERS = (
    Provider(
        ProviderCard(
            "Gmail",
            Need.APP_PASSWORD,
            "Google does not accept your usual password here. Switch on 2-Step Verification, then make an app password "
            "on the page below and use its 16 letters. In Google Workspace the administrator may have forbidden app "
            "passwords; then OAuth with a client id of your own is the way.",
            "Google n'accepte pas votre mot de passe habituel ici. Activez la validation en deux étapes, puis créez un "
            "mot de passe d'application sur la page ci-dessous et utilisez ses 16 lettres. Dans Google Workspace, "
            "l'administrateur peut les avoir interdits ; il reste alors OAuth avec votre propre identifiant client.",
            "https://myaccount.google.com/apppasswords",
        ),
        ("gmail.com", "googlemail.com"),
        ("google.com", "googlemail.com"),
        _at("imap.gmail.com"),
        _at("pop.gmail.com"),
        _sent_through("smtp.gmail.com"),
    ),
    Provider(
        ProviderCard(
            "Outlook.com",
            Need.OAUTH2,
            "Microsoft accepts no password here, only OAuth with a client id of your own. IMAP and POP are off at "
            "first: in Outlook on the web, open Settings > Mail > Forwarding and IMAP.",
            "Microsoft n'accepte aucun mot de passe ici, seulement OAuth avec votre propre identifiant client. IMAP "
            "et POP sont désactivés au départ : dans Outlook sur le web, ouvrez Paramètres > Courrier > Transfert et "
            "IMAP.",
            "https://outlook.live.com/mail/",
        ),
        (
            *("outlook.com", "hotmail.com", "live.com", "msn.com", "outlook.fr", "hotmail.fr", "live.fr", "outlook.de"),
            *("hotmail.de", "live.de", "hotmail.co.uk", "live.co.uk", "hotmail.it", "live.it", "outlook.it"),
            *("hotmail.es", "outlook.es", "live.nl", "hotmail.be", "live.be", "outlook.be", "live.ca", "hotmail.ca"),
        ),
        ("olc.protection.outlook.com",),
        _at("outlook.office365.com"),
        _at("outlook.office365.com"),
        (Place("smtp-mail.outlook.com", _STARTTLS),),
    ),
    Provider(
        ProviderCard(
            "Microsoft 365",
            Need.OAUTH2,
            "Microsoft accepts no password here, only OAuth. Your organisation decides whether a program may do that, "
            "and may have switched off sending by SMTP; if the login is refused, its administrator has to allow it.",
            "Microsoft n'accepte aucun mot de passe ici, seulement OAuth. Votre organisation décide si un programme "
            "y a droit, et peut avoir désactivé l'envoi par SMTP ; si la connexion est refusée, l'administrateur "
            "doit l'autoriser.",
            "https://outlook.office.com/mail/",
        ),
        (),
        ("mail.protection.outlook.com", "mx.microsoft"),
        _at("outlook.office365.com"),
        _at("outlook.office365.com"),
        (Place("smtp.office365.com", _STARTTLS),),
    ),
    Provider(
        ProviderCard(
            "Yahoo",
            Need.APP_PASSWORD,
            "Yahoo does not accept your usual password here. Under Account security, make an app password and use "
            "that.",
            "Yahoo n'accepte pas votre mot de passe habituel ici. Dans Sécurité du compte, créez un mot de passe "
            "d'application et utilisez-le.",
            "https://login.yahoo.com/account/security",
        ),
        (
            *("yahoo.com", "ymail.com", "rocketmail.com", "myyahoo.com", "yahoo.fr", "yahoo.de", "yahoo.co.uk"),
            *("yahoo.it", "yahoo.es", "yahoo.ca", "yahoo.in", "yahoo.co.in", "yahoo.com.br", "yahoo.com.au"),
        ),
        ("yahoodns.net",),
        _at("imap.mail.yahoo.com"),
        _at("pop.mail.yahoo.com"),
        _sent_through("smtp.mail.yahoo.com"),
    ),
    Provider(
        ProviderCard(
            "AOL",
            Need.APP_PASSWORD,
            "AOL does not accept your usual password here. Under Account security, make an app password and use that.",
            "AOL n'accepte pas votre mot de passe habituel ici. Dans Sécurité du compte, créez un mot de passe "
            "d'application et utilisez-le.",
            "https://login.aol.com/account/security",
        ),
        ("aol.com", "aol.fr", "aol.de", "aol.co.uk", "aim.com"),
        ("mx-aol.mail.gm0.yahoodns.net",),
        _at("imap.aol.com"),
        _at("pop.aol.com"),
        _sent_through("smtp.aol.com"),
    ),
    Provider(
        ProviderCard(
            "iCloud",
            Need.APP_PASSWORD,
            "Apple does not accept your usual password here. On the page below, under Sign-In and Security, make an "
            "app-specific password. With a domain of your own, the user name is the part before the @ of your iCloud "
            "address (for sending: that whole address).",
            "Apple n'accepte pas votre mot de passe habituel ici. Sur la page ci-dessous, dans Connexion et "
            "sécurité, créez un mot de passe pour application. Avec votre propre domaine, le nom d'utilisateur est "
            "la partie avant le @ de votre adresse iCloud (pour l'envoi : cette adresse entière).",
            "https://account.apple.com/",
        ),
        ("icloud.com", "me.com", "mac.com"),
        ("icloud.com",),
        _at("imap.mail.me.com", user="local part"),
        (),
        (Place("smtp.mail.me.com", _STARTTLS),),
    ),
    Provider(
        ProviderCard(
            "Fastmail",
            Need.APP_PASSWORD,
            "Fastmail does not accept your usual password here. Under Settings > Privacy & Security, make an app "
            "password that may use mail.",
            "Fastmail n'accepte pas votre mot de passe habituel ici. Dans Settings > Privacy & Security, créez un "
            "mot de passe d'application ayant accès au courrier.",
            "https://app.fastmail.com/settings/security",
        ),
        ("fastmail.com", "fastmail.fm", "fastmail.net", "fastmail.org", "messagingengine.com", "sent.com"),
        ("messagingengine.com",),
        _at("imap.fastmail.com"),
        _at("pop.fastmail.com"),
        _sent_through("smtp.fastmail.com"),
    ),
    Provider(
        ProviderCard(
            "Proton Mail",
            Need.BRIDGE,
            "Proton can only be read through Proton Mail Bridge, a program of theirs that must run on this computer "
            "(with a paid plan). Use the password that Bridge shows for your address, and the ports if it shows "
            "others.",
            "Proton ne se lit qu'à travers Proton Mail Bridge, un programme à faire tourner sur cet ordinateur (avec "
            "une offre payante). Utilisez le mot de passe que Bridge affiche pour votre adresse, et les ports s'ils "
            "diffèrent.",
            "https://proton.me/mail/bridge",
        ),
        ("proton.me", "protonmail.com", "protonmail.ch", "pm.me"),
        ("protonmail.ch",),
        (Place("127.0.0.1", _STARTTLS, port=1143),),
        (),
        (Place("127.0.0.1", _STARTTLS, port=1025),),
    ),
    Provider(
        ProviderCard(
            "Tuta",
            Need.PASSWORD,
            "Tuta has neither IMAP nor POP3, so that no other program can read its mail.",
            "Tuta n'offre ni IMAP ni POP3 : aucun autre programme ne peut en lire le courrier.",
            "https://tuta.com/",
        ),
        ("tuta.com", "tutanota.com", "tutanota.de", "tutamail.com", "tuta.io", "keemail.me"),
        ("tutanota.de",),
    ),
    Provider(
        ProviderCard(
            "GMX",
            Need.PASSWORD,
            "IMAP and POP3 are off at first: switch them on in GMX on the web, under E-Mail > Settings > POP3/IMAP. "
            "With two-factor authentication, make an application password there.",
            "IMAP et POP3 sont désactivés au départ : activez-les dans GMX sur le web, sous E-mail > Paramètres > "
            "POP3/IMAP. Avec la double authentification, créez-y un mot de passe d'application.",
            "https://www.gmx.net/",
        ),
        ("gmx.net", "gmx.de", "gmx.at", "gmx.ch"),
        ("gmx.net",),
        _at("imap.gmx.net"),
        _at("pop.gmx.net"),
        _sent_through("mail.gmx.net"),
    ),
    Provider(
        ProviderCard(
            "GMX (international)",
            Need.PASSWORD,
            "IMAP and POP3 are off at first: switch them on in GMX on the web, under E-Mail > Settings > POP3/IMAP. "
            "With two-factor authentication, make an application password there.",
            "IMAP et POP3 sont désactivés au départ : activez-les dans GMX sur le web, sous E-mail > Paramètres > "
            "POP3/IMAP. Avec la double authentification, créez-y un mot de passe d'application.",
            "https://www.gmx.com/",
        ),
        ("gmx.com", "gmx.fr", "gmx.co.uk", "gmx.us", "gmx.es", "mail.com", "caramail.com"),
        (),
        _at("imap.gmx.com"),
        _at("pop.gmx.com"),
        _sent_through("mail.gmx.com"),
    ),
    Provider(
        ProviderCard(
            "WEB.DE",
            Need.PASSWORD,
            "IMAP and POP3 are off at first: switch them on in WEB.DE on the web, under E-Mail > Settings > POP3/IMAP. "
            "With two-factor authentication, make an application password there.",
            "IMAP et POP3 sont désactivés au départ : activez-les dans WEB.DE sur le web, sous E-Mail > "
            "Einstellungen > POP3/IMAP. Avec la double authentification, créez-y un mot de passe d'application.",
            "https://web.de/",
        ),
        ("web.de",),
        (),
        _at("imap.web.de", user="local part"),
        _at("pop3.web.de", user="local part"),
        _sent_through("smtp.web.de", "local part"),
    ),
    Provider(
        ProviderCard(
            "T-Online",
            Need.PASSWORD,
            "This takes the separate password for e-mail programs, which you set in the Telekom customer centre; the "
            "password of the website is not accepted.",
            "Il faut le mot de passe distinct pour les programmes de courrier, à définir dans l'espace client de "
            "Telekom ; celui du site n'est pas accepté.",
            "https://email.t-online.de/",
        ),
        ("t-online.de", "magenta.de"),
        ("t-online.de",),
        _at("secureimap.t-online.de"),
        _at("securepop.t-online.de"),
        _sent_through("securesmtp.t-online.de"),
    ),
    Provider(
        ProviderCard(
            "Orange",
            Need.PASSWORD,
            "Use the password of this Orange mailbox. If it is refused, look for other mail programs in Orange's help.",
            "Utilisez le mot de passe de cette boîte Orange. S'il est refusé, cherchez les autres logiciels de "
            "messagerie dans l'assistance Orange.",
            "https://assistance.orange.fr/",
        ),
        ("orange.fr", "wanadoo.fr"),
        ("orange.fr",),
        _at("imap.orange.fr"),
        _at("pop.orange.fr"),
        _at("smtp.orange.fr"),
    ),
    Provider(
        ProviderCard(
            "Free",
            Need.PASSWORD,
            "Use the password of this Free mailbox. Sending with a login may have to be switched on in the subscriber "
            "area (SMTP authentifié).",
            "Utilisez le mot de passe de cette boîte Free. L'envoi authentifié (SMTP authentifié) est parfois à "
            "activer dans l'espace abonné.",
            "https://assistance.free.fr/",
        ),
        ("free.fr",),
        ("free.fr",),
        _at("imap.free.fr", user="local part"),
        _at("pop.free.fr", user="local part"),
        _at("smtp.free.fr", user="local part"),
    ),
    Provider(
        ProviderCard(
            "SFR",
            Need.PASSWORD,
            "Use the password of this SFR mailbox.",
            "Utilisez le mot de passe de cette boîte SFR.",
            "https://assistance.sfr.fr/",
        ),
        ("sfr.fr", "neuf.fr"),
        ("sfr.fr",),
        _at("imap.sfr.fr"),
        _at("pop.sfr.fr"),
        _at("smtp.sfr.fr"),
    ),
    Provider(
        ProviderCard(
            "La Poste",
            Need.PASSWORD,
            "Use the password of laposte.net. A mailbox that nobody opened for some months is frozen: log in on the "
            "web once to wake it.",
            "Utilisez le mot de passe de laposte.net. Une boîte restée inactive quelques mois est gelée : "
            "connectez-vous une fois sur le web pour la réveiller.",
            "https://www.laposte.net/",
        ),
        ("laposte.net",),
        (),
        _at("imap.laposte.net", user="local part"),
        _at("pop.laposte.net", user="local part"),
        _at("smtp.laposte.net", user="local part"),
    ),
    Provider(
        ProviderCard(
            "OVHcloud",
            Need.PASSWORD,
            "Use the password of this mailbox, set in the OVHcloud control panel. These are the servers of MX Plan "
            "and Zimbra; for E-mail Pro and Exchange the control panel names others (pro1.mail.ovh.net, "
            "ex1.mail.ovh.net, …).",
            "Utilisez le mot de passe de cette boîte, défini dans l'espace client OVHcloud. Ce sont les serveurs de MX "
            "Plan et Zimbra ; pour E-mail Pro et Exchange, l'espace client en indique d'autres (pro1.mail.ovh.net, "
            "ex1.mail.ovh.net, …).",
            "https://www.ovh.com/manager/",
        ),
        (),
        ("ovh.net",),
        _at("ssl0.ovh.net"),
        _at("ssl0.ovh.net"),
        _sent_through("ssl0.ovh.net"),
    ),
    Provider(
        ProviderCard(
            "Gandi",
            Need.PASSWORD,
            "Use the password of this mailbox, set in Gandi's administration.",
            "Utilisez le mot de passe de cette boîte, défini dans l'administration de Gandi.",
            "https://admin.gandi.net/",
        ),
        (),
        ("gandi.net",),
        _at("mail.gandi.net"),
        _at("mail.gandi.net"),
        _sent_through("mail.gandi.net"),
    ),
    Provider(
        ProviderCard(
            "Infomaniak",
            Need.APP_PASSWORD,
            "Infomaniak wants a password made for this device: in the Manager, open the mail address and add a device.",
            "Infomaniak demande un mot de passe créé pour cet appareil : dans le Manager, ouvrez l'adresse et "
            "ajoutez un appareil.",
            "https://manager.infomaniak.com/",
        ),
        ("ik.me", "ikmail.com", "etik.com"),
        ("infomaniak.ch",),
        _at("mail.infomaniak.com"),
        _at("mail.infomaniak.com"),
        _sent_through("mail.infomaniak.com"),
    ),
    *(
        Provider(
            ProviderCard(
                "Zoho Mail" + ("" if personal else " (organisation)"),
                Need.PASSWORD,
                "Switch IMAP (or POP) on in Zoho Mail > Settings > Mail Accounts; some free plans do not have it. With "
                "two-factor authentication, make an app password under Security.",
                "Activez IMAP (ou POP) dans Zoho Mail > Paramètres > Comptes de messagerie ; certaines offres "
                "gratuites ne l'ont pas. Avec la double authentification, créez un mot de passe d'application sous "
                "Sécurité.",
                f"https://accounts.zoho.{region}/",
            ),
            (f"zoho.{region}", f"zohomail.{region}") if personal else (),
            () if personal else (f"zoho.{region}",),
            _at(f"imap{'' if personal else 'pro'}.zoho.{region}"),
            _at(f"pop{'' if personal else 'pro'}.zoho.{region}"),
            _sent_through(f"smtp{'' if personal else 'pro'}.zoho.{region}"),
        )
        for region in ("com", "eu", "in")
        for personal in (True, False)
    ),
    Provider(
        ProviderCard(
            "Yandex",
            Need.APP_PASSWORD,
            "Switch IMAP on in Yandex Mail > Settings > Email clients, then make an app password for mail.",
            "Activez IMAP dans Yandex Mail > Paramètres > Clients de messagerie, puis créez un mot de passe "
            "d'application pour le courrier.",
            "https://id.yandex.com/security",
        ),
        ("yandex.com", "yandex.ru", "ya.ru", "yandex.by", "yandex.kz", "yandex.ua"),
        ("yandex.net", "yandex.ru"),
        _at("imap.yandex.com"),
        _at("pop.yandex.com"),
        _at("smtp.yandex.com"),
    ),
    Provider(
        ProviderCard(
            "Mail.ru",
            Need.APP_PASSWORD,
            "Mail.ru does not accept your usual password here. Under Security, make a password for external "
            "applications.",
            "Mail.ru n'accepte pas votre mot de passe habituel ici. Dans Sécurité, créez un mot de passe pour "
            "applications externes.",
            "https://account.mail.ru/",
        ),
        ("mail.ru", "inbox.ru", "list.ru", "bk.ru", "internet.ru"),
        ("mail.ru",),
        _at("imap.mail.ru"),
        _at("pop.mail.ru"),
        _at("smtp.mail.ru"),
    ),
    Provider(
        ProviderCard(
            "Posteo",
            Need.PASSWORD,
            "Use your Posteo password; where you have switched on two-factor authentication for programs, an app "
            "password.",
            "Utilisez votre mot de passe Posteo ; si vous avez activé la double authentification pour les "
            "programmes, un mot de passe d'application.",
            "https://posteo.de/",
        ),
        ("posteo.de", "posteo.net", "posteo.org", "posteo.eu", "posteo.at", "posteo.ch"),
        ("posteo.de",),
        _at("posteo.de"),
        _at("posteo.de"),
        _at("posteo.de"),
    ),
    Provider(
        ProviderCard(
            "mailbox.org",
            Need.PASSWORD,
            "Use your mailbox.org password; with two-factor authentication, an app password.",
            "Utilisez votre mot de passe mailbox.org ; avec la double authentification, un mot de passe d'application.",
            "https://mailbox.org/",
        ),
        ("mailbox.org",),
        ("mailbox.org",),
        _at("imap.mailbox.org"),
        _at("pop3.mailbox.org"),
        _sent_through("smtp.mailbox.org"),
    ),
    *(
        Provider(
            ProviderCard(
                name,
                Need.APP_PASSWORD,
                "Switch IMAP (or POP3) on in the settings of the webmail; the authorisation code that it shows then is "
                "the password to use here.",
                "Activez IMAP (ou POP3) dans les réglages du webmail ; le code d'autorisation affiché alors est le "
                "mot de passe à utiliser ici.",
                f"https://mail.{domain}/",
            ),
            (domain, *others),
            (),
            _at(f"imap.{domain}"),
            _at(f"pop.{domain}"),
            _at(f"smtp.{domain}"),
        )
        for name, domain, others in (
            ("QQ Mail", "qq.com", ("foxmail.com",)),
            ("NetEase 163", "163.com", ()),
            ("NetEase 126", "126.com", ()),
        )
    ),
    Provider(
        ProviderCard(
            "IONOS",
            Need.PASSWORD,
            "Use the password of this mailbox, set in the IONOS control panel.",
            "Utilisez le mot de passe de cette boîte, défini dans l'espace client IONOS.",
            "https://www.ionos.de/",
        ),
        (),
        ("kundenserver.de",),
        _at("imap.ionos.de"),
        _at("pop.ionos.de"),
        _sent_through("smtp.ionos.de"),
    ),
    Provider(
        ProviderCard(
            "Hetzner",
            Need.PASSWORD,
            "Use the password of this mailbox, set in konsoleH.",
            "Utilisez le mot de passe de cette boîte, défini dans konsoleH.",
            "https://konsoleh.hetzner.com/",
        ),
        (),
        ("your-server.de",),
        _at("mail.your-server.de"),
        _at("mail.your-server.de"),
        _sent_through("mail.your-server.de"),
    ),
    Provider(
        ProviderCard(
            "Rackspace",
            Need.PASSWORD,
            "Use the password of this mailbox.",
            "Utilisez le mot de passe de cette boîte.",
            "https://apps.rackspace.com/",
        ),
        (),
        ("emailsrvr.com",),
        _at("secure.emailsrvr.com"),
        _at("secure.emailsrvr.com"),
        _sent_through("secure.emailsrvr.com"),
    ),
)
