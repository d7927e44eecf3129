"""Mattermost, by its bulk import: one zip of JSON lines and files that the server takes the first
time. `text`, `placing` and `compose` are the pure half, `archive` joins and checks, `reading` reads
back; `limits` and `profiles` say what servers take. `session` adds
a server: `client` and `calls` speak to it, `checks` and `directory` look, `uploads` and `delivery`
bring the archive, `enrolling` lets people in, `server_reading` reads back."""

from adapters.mattermost.adapter import MattermostAdapter, adapter

__all__ = ["MattermostAdapter", "adapter"]
