"""Tests of the memory target."""
