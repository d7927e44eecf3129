"""Tests of the targets; each folder is one adapter."""
