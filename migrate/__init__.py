"""The engine of chat-migrate: the model, the Slack reader, the project's store, the stages from
load to verify, the report and the command line. What a word becomes at a target is in `mappings`;
the targets themselves are in `adapters`, which this package never imports but finds by entry point.
"""

# Three packages with names this general may meet their like in a shared environment; the command
# line compares these marks at its start, so that it never runs with somebody else's modules.
__owner__ = "chat-migrate"
