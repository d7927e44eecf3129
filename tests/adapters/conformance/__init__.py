"""Tests of the conformance suite: that it builds what it says, and that it can fail."""
