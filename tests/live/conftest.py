"""Fixtures of the live tests."""

from tests.live.synapse import synapse

__all__ = ["synapse"]
