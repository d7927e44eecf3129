"""Tests of the Zulip adapter."""
