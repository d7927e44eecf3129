"""The words of chat-migrate: Slack's text as a neutral tree, the tree as each target's markup, and
emoji, names, people and links. Pure functions over data; no server, no file and nothing else of
this project is known here.
"""

__owner__ = "chat-migrate"
