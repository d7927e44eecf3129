"""What the codes mean that a Mattermost server gives cause to: findings of its check, and the
reasons for which a single act fails."""

from types import MappingProxyType

from migrate.findings import Catalogue, Meaning

SERVER_CODES: Catalogue = MappingProxyType(
    {
        # What `check` finds.
        "mattermost-token-missing": Meaning(
            "blocker",
            "The environment variable that `token_env` names is empty.",
            "Make a personal access token for a system admin (Profile, Security) and put it there.",
        ),
        "mattermost-token": Meaning(
            "blocker",
            "The server does not accept the access token.",
            "Make a new one for a system admin. ServiceSettings.EnableUserAccessTokens must be on.",
        ),
        "mattermost-no-admin": Meaning(
            "blocker",
            "The account of the access token is no system admin, and others may not import.",
            "Use the token of a system admin.",
        ),
        "mattermost-cloud": Meaning(
            "blocker",
            "The server is a Mattermost Cloud workspace, which takes no imports over its API.",
            'Set url = "" and send the archive to Mattermost\'s support, or use a server of your'
            " own.",
        ),
        "mattermost-attachments-off": Meaning(
            "blocker",
            "FileSettings.EnableFileAttachments is off, so the server takes no archive either.",
            "Switch it on (System Console, File Sharing and Downloads).",
        ),
        "mattermost-history-limit": Meaning(
            "blocker",
            "The server's licence shows only its newest messages, and hides what is imported.",
            "Use an edition or a licence without a limit on the history of messages.",
        ),
        "mattermost-seats-limit": Meaning(
            "note",
            "The server's licence, or its lack of one, bounds how many accounts may be active.",
            "The import brings more than that all the same; later nobody can be activated or added"
            " until there is room.",
        ),
        "mattermost-team-archived": Meaning(
            "blocker", "The team is archived on the server.", "Unarchive it, or choose another."
        ),
        "mattermost-open-team": Meaning(
            "blocker",
            "Every account of the server may enter this team and read its public channels.",
            "Switch off `Allow any user with an account on this server to join this team` in the"
            " team's settings, or choose another team.",
        ),
        "mattermost-profile-other": Meaning(
            "blocker",
            "The server is of another kind than `profile` says.",
            'Set profile = "", and the server\'s version decides.',
        ),
        "mattermost-users-limit": Meaning(
            "warning",
            "TeamSettings.MaxUsersPerTeam is no higher than its default of 50 members a team.",
            "Raise it above the number of accounts in mappings/users.csv; the run stops before"
            " anything is written if it is too low.",
        ),
        "mattermost-file-limit": Meaning(
            "warning",
            "FileSettings.MaxFileSize is no higher than its default of 100 MB, and the archive with"
            " all files in it is one file.",
            "Raise it above the archive's size; the run stops before anything is written if it is"
            " too low.",
        ),
        "mattermost-jobs-off": Meaning(
            "warning",
            "JobSettings.RunJobs is off, so the server will not begin the import.",
            "Switch it on, unless another server of the cluster runs the jobs.",
        ),
        "mattermost-emoji-off": Meaning(
            "warning",
            "Custom emoji are switched off on the server, so theirs show as :names:.",
            "Switch ServiceSettings.EnableCustomEmoji on.",
        ),
        "mattermost-names-off": Meaning(
            "note",
            "The names that bots chose for single messages are kept but not shown.",
            "Switch ServiceSettings.EnablePostUsernameOverride on to show them.",
        ),
        "mattermost-plain-http": Meaning(
            "warning",
            "The server is reached over plain http from another computer: the token is open.",
            "Use https, or run chat-migrate on the server itself.",
        ),
        # Why one act fails.
        "mattermost-forbidden": Meaning(
            "error", "The server does not allow this act.", "Is the token a system admin's?"
        ),
        "mattermost-not-found": Meaning(
            "error",
            "The server does not have the team, channel or account any more.",
            "Was it deleted or renamed there?",
        ),
        "mattermost-too-large": Meaning(
            "error", "The server takes nothing of this size.", "Raise its limit, then run again."
        ),
        "mattermost-switched-off": Meaning(
            "error", "The server has this feature switched off.", "Switch it on, then run again."
        ),
        "mattermost-refused": Meaning(
            "error", "The server refuses this record.", "Report it with the record's place."
        ),
    }
)
