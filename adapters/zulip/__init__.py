"""Zulip: a new organization by way of an import directory (`directory`; what became of it at its
server is `imported`), or one that stands, over its API (`organization`). What both share is beside
this: `text` and `placing` say what things become."""

from adapters.zulip.adapter import ZulipAdapter, adapter

__all__ = ["ZulipAdapter", "adapter"]
