"""Zulip: a directory for `manage.py import`, of which the server makes a new organization. `text`
and `placing` say what things become, `compose` lays a part out, `joining` makes the directory of
all parts, `validator` holds it against the importer's rules, `reading` reads it back."""

from adapters.zulip.adapter import ZulipAdapter, adapter

__all__ = ["ZulipAdapter", "adapter"]
