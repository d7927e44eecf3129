"""The targets of chat-migrate, each in a module or package of its own, and the conformance suite
that every one of them passes. They speak to the engine through `migrate.spi` alone, know nothing
of its store, stages and command line, and nothing of each other.
"""

__owner__ = "chat-migrate"
