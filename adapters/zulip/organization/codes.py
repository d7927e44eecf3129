"""The meanings of what is found of an organization that stands, and of what it refuses."""

from types import MappingProxyType

from migrate.findings import Catalogue, Meaning

_POWERS = (
    "On the server, as the user zulip, in /home/zulip/deployments/current: ./manage.py"
    " change_user_role -r SUBDOMAIN ADDRESS"
)

SERVER_CODES: Catalogue = MappingProxyType(
    {
        # -- the organization and the importing account ------------------------------------------
        "zulip-zuliprc-open": Meaning(
            "warning",
            "Others on this computer can read the zuliprc, and with it act as the importing"
            " account.",
            "Run `chmod 600` on it.",
        ),
        "zulip-plain-http": Meaning(
            "warning",
            "The importing account's key, and everything that is said, goes over the network for"
            " all to read.",
            "Use https in `target.url` and in the zuliprc.",
        ),
        "zulip-key": Meaning(
            "error",
            "The server does not accept the key of the importing account.",
            "Download a new zuliprc of that account, in Zulip under Personal settings > Account &"
            " privacy > API key.",
        ),
        "zulip-importer-closed": Meaning(
            "error",
            "The importing account is deactivated.",
            "Have it reactivated, in Zulip under Organization settings > Users > Deactivated; then"
            " run again to continue.",
        ),
        "zulip-elsewhere": Meaning(
            "error",
            "The importing account belongs to another organization of this server, or the server"
            " takes this address for another's.",
            "Correct `target.url`, or the site in the zuliprc: it is the organization's own"
            " address, what people open in their browsers.",
        ),
        "zulip-zuliprc": Meaning(
            "error",
            "The zuliprc that `target.zuliprc` names, or what it names itself, is not there, or is"
            " not one of Zulip's.",
            "Download it in Zulip, as the importing account, under Personal settings > Account &"
            " privacy > API key, and put it beside migration.toml.",
        ),
        "zulip-no-organization": Meaning(
            "error",
            "At the address of the organization is none.",
            "Correct `target.url`: it is what people open in their browsers.",
        ),
        "zulip-organization-closed": Meaning(
            "error",
            "The organization is deactivated.",
            "Have it reactivated on the server, then run again to continue.",
        ),
        "zulip-certificate": Meaning(
            "error",
            "The server's certificate is not valid for this address.",
            "Correct `target.url`, or the certificate; name the authority's own certificate as"
            " cert_bundle in the zuliprc.",
        ),
        "zulip-moved": Meaning(
            "error",
            "The server leads on to another address.",
            "Write that address into `target.url` and into the zuliprc, mostly https instead of"
            " http.",
        ),
        "zulip-not-understood": Meaning(
            "error",
            "What answers at the organization's address does not speak as a Zulip server does.",
            "Is `target.url` right, and is there a proxy in between?",
        ),
        "zulip-unreachable": Meaning(
            "error",
            "The Zulip server does not answer.",
            "See that it is up and that `target.url` is right, then run again to continue.",
        ),
        "zulip-server-error": Meaning(
            "error", "The Zulip server failed.", "Look into its logs, then run again to continue."
        ),
        "zulip-not-admin": Meaning(
            "blocker",
            "The importing account does not administer the organization, and may not do what an"
            " import takes.",
            "Let an owner make it one, in Zulip under Organization settings > Users; or use the"
            " zuliprc of an owner.",
        ),
        "zulip-may-not-forge": Meaning(
            "blocker",
            "The importing account may not send messages in the names of others, at their times.",
            f"{_POWERS} can_forge_sender ('' for SUBDOMAIN where the organization has none); after"
            " the import the same with --revoke. On Zulip Cloud only support can do it.",
        ),
        "zulip-may-not-create": Meaning(
            "blocker",
            "The importing account may not make accounts.",
            f"{_POWERS} can_create_users ('' for SUBDOMAIN where the organization has none); after"
            " the import the same with --revoke.",
        ),
        "zulip-no-passwords": Meaning(
            "blocker",
            "The organization has switched off sign-in by password, which the importer needs to act"
            " for the accounts that it makes: for their files, their reactions, and so that nobody"
            " is notified.",
            "Switch it on until the import is done, in Zulip under Organization settings >"
            " Authentication methods.",
        ),
        "zulip-too-old": Meaning(
            "warning",
            "The server is older than any that this was tried with.",
            "Upgrade it to Zulip 9 or later.",
        ),
        "zulip-version-unproven": Meaning(
            "note",
            "The server is newer than any that this was tried with.",
            "Try with a test organization first.",
        ),
        "zulip-domains-added": Meaning(
            "note",
            "The domains of all addresses that messages come from are added to the organization's"
            " list while the import lasts, and taken away again at its end.",
        ),
        "zulip-domains-closed": Meaning(
            "blocker",
            "The domains of all addresses that messages come from have to be in the organization's"
            " list, and whoever has an address of a listed domain may join without an invitation.",
            "Require an invitation for joining until the import is done, in Zulip under"
            " Organization settings > Organization permissions.",
        ),
        "zulip-domain": Meaning(
            "error",
            "The organization does not list the domain of a sender.",
            "Require an invitation for joining until the import is done, in Zulip under"
            " Organization settings > Organization permissions.",
        ),
        "zulip-direct-off": Meaning(
            "warning",
            "The organization has switched direct messages off: those of the export will fail.",
            "Switch them on until the import is done, in Zulip under Organization settings >"
            " Organization permissions.",
        ),
        "zulip-retention": Meaning(
            "warning",
            "The organization deletes messages that are older than a number of days, and imported"
            " ones are as old as they were in Slack: what is older is gone after the first night.",
            "Have messages retained for ever, in Zulip under Organization settings > Organization"
            " settings > Message retention period; or leave out with `source.since` what would be"
            " deleted.",
        ),
        "zulip-announced": Meaning(
            "warning",
            "The organization tells a channel of everybody who joins: there will be a message for"
            " each account that is made.",
            "Switch that off until the import is done, in Zulip under Organization settings >"
            " Organization settings > Automated messages and emails.",
        ),
        "zulip-rate-limited": Meaning(
            "warning",
            "The server takes so few calls a minute of one account (200 as it ships) that an import"
            " takes its time: about 3 messages a second.",
            "For the evening, write RATE_LIMITING_RULES = {\"api_by_user\": [(60, 100000)]} into"
            " /etc/zulip/settings.py and restart with"
            " /home/zulip/deployments/current/scripts/restart-server.",
        ),
        "zulip-seen-as-new": Meaning(
            "warning",
            "To people who have an account already, direct messages that are imported are new:"
            " unread, mailed and pushed as their settings say. What goes into channels that they"
            " are in already is unread there, and whoever began a thread in one is told of each"
            " reply."
            " Other channels they enter at the end, with nothing unread; earlier only where a file"
            " of theirs has to be shown in a closed one.",
            "Import before people are invited; or ask them to switch notifications off for the"
            " evening. Accounts that are made here are kept quiet, and begin with everything read.",
        ),
        "zulip-mails": Meaning(
            "warning",
            "The server writes a mail to everybody for whom an account is made, at once.",
            "Tell your team beforehand. Who is to have no account yet gets the action `ghost` in"
            " mappings/users.csv.",
        ),
        "zulip-importer-stays": Meaning(
            "note",
            "The importing account is a member of every private channel that it makes, and stays"
            " one, so that `verify` and later exports can read them.",
            "Let it leave them when everything is done.",
        ),
        # -- people ------------------------------------------------------------------------------
        "zulip-account-exists": Meaning(
            "error",
            "An account of this address stands there already, and is not this project's.",
            "Run `chat-migrate plan --check`, which maps people to it.",
        ),
        "zulip-account-missing": Meaning(
            "error",
            "Nobody, or more than one account, has the address or the name that mappings/users.csv"
            " maps somebody to.",
            "Write the account's address into the column `target`.",
        ),
        "zulip-account-gone": Meaning(
            "error", "An account that was used before is not there any more."
        ),
        "zulip-account-closed": Meaning("error", "The account is deactivated."),
        "zulip-name-refused": Meaning(
            "error",
            "Zulip does not take this person's name.",
            "Write another into the column `target` of mappings/users.csv.",
        ),
        "zulip-address-refused": Meaning(
            "error",
            "The organization takes no account of this person's address.",
            "See Organization settings > Organization permissions; or make them a `ghost` in"
            " mappings/users.csv.",
        ),
        "zulip-sender-hidden": Meaning(
            "blocker",
            "Somebody who is mapped to an account does not let everybody see its address, and Zulip"
            " finds the sender of a message by that alone.",
            "Have them set Personal settings > Account & privacy > Who can access your email"
            " address to everybody for the evening, or give them the action `ghost` in"
            " mappings/users.csv.",
        ),
        "zulip-mapped-deactivated": Meaning(
            "warning",
            "Somebody is mapped to an account that is deactivated: what they said in channels is"
            " brought, but direct talk with them fails.",
            "Have the account reactivated until the import is done, or give the person the action"
            " `ghost` in mappings/users.csv.",
        ),
        "zulip-recipient-deactivated": Meaning(
            "error",
            "Nobody can write to an account that is deactivated, not even in the past.",
            "Have the account reactivated until the import is done, or give the person the action"
            " `ghost` in mappings/users.csv.",
        ),
        "zulip-no-key": Meaning(
            "error",
            "Only people themselves can react, and this account is not the importer's to use, or"
            " its owner has set a password since.",
        ),
        "zulip-account-kept": Meaning(
            "warning",
            "Somebody who has left Slack has set a password for the account that was made for them:"
            " it stays open.",
            "Deactivate it in Zulip if they have left for good, under Organization settings >"
            " Users.",
        ),
        "zulip-not-released": Meaning(
            "warning",
            "The owner of an account has set a password before the import had ended, so that its"
            " notifications could not be switched on again.",
            "Tell them to look at Personal settings > Notifications.",
        ),
        "zulip-secret": Meaning(
            "error",
            "The file zulip-secret beside migration.toml is damaged.",
            "Bring it back from a copy. Without it the accounts that were made can do nothing for"
            " the importer any more.",
        ),
        # -- conversations -----------------------------------------------------------------------
        "zulip-channel-exists": Meaning(
            "error",
            "A channel of this name stands there already, and is not this project's.",
            "Give the conversation the action `map` in mappings/channels.csv, or another `target`.",
        ),
        "zulip-channel-open": Meaning(
            "error",
            "What was private would go into a channel that is not.",
            "Map the conversation to a private channel.",
        ),
        "zulip-not-in-channel": Meaning(
            "error",
            "The importing account is not in this private channel, and can let nobody in.",
            "Have a member add it, then run again.",
        ),
        "zulip-not-found": Meaning("error", "The server does not have this channel."),
        "zulip-newcomers-outside": Meaning(
            "warning",
            "Some who had an account before could not be let into all of their channels.",
            "Let them in by hand: `verify` names the channels (`member-missing`). Or run again.",
        ),
        "zulip-not-a-participant": Meaning(
            "error",
            "Somebody wrote in direct talk who is not among those who talk; it would become another"
            " conversation there.",
        ),
        "zulip-direct-disabled": Meaning(
            "error",
            "The organization has switched direct messages off.",
            "Switch them on until the import is done, in Zulip under Organization settings >"
            " Organization permissions.",
        ),
        "zulip-posting-policy": Meaning(
            "error",
            "Not everybody may write in this channel, and that holds for the past too.",
            "Let everybody write there until the import is done, in the channel's settings.",
        ),
        # -- messages, files, emoji --------------------------------------------------------------
        "zulip-unrenderable": Meaning(
            "error", "The server cannot render this message, and does not take it."
        ),
        "zulip-refused": Meaning("error", "The server does not take this."),
        "zulip-forbidden": Meaning("error", "The importing account may not do this."),
        "zulip-too-large": Meaning(
            "error",
            "The file is larger than the server takes.",
            "Raise MAX_FILE_UPLOAD_SIZE in /etc/zulip/settings.py.",
        ),
        "zulip-file-refused": Meaning("error", "The server does not take this file."),
        "zulip-file-not-shown": Meaning(
            "error",
            "The account that shared this file stood there before, and there is no safe way to"
            " bring a file in its name: it is not in the private channel itself, or a guest who is"
            " not in the public one, or the importer is not in it, or the talk is direct.",
        ),
        "zulip-emoji-exists": Meaning(
            "error",
            "A custom emoji of this name stands there already.",
            "Map it to that one in mappings/emoji.csv, or give it another `target`.",
        ),
        "zulip-emoji-refused": Meaning("error", "The server does not take this custom emoji."),
        "zulip-emoji-unknown": Meaning(
            "error", "The server does not have the emoji that somebody reacted with."
        ),
    }
)  # fmt: skip
"""Held against what the adapter raises by its tests."""
