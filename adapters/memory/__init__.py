"""The smallest whole target, and the one to copy: a chat server that is one file. `mode = "live"`
keeps it as an append-only log that takes acts one by one; `mode = "archive"` composes a zip of
parts. `text` makes the payloads, `records` fixes the lines both ways write, `server` is the strict
other side of the live way, `live`, `forgetful` (a server that keeps no ids of ours) and `archive`
are the sessions, `adapter` ties them together."""

from adapters.memory.adapter import MemoryAdapter

__all__ = ["MemoryAdapter", "adapter"]

adapter = MemoryAdapter()
