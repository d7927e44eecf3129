"""The tests of chat-migrate; the folders mirror the three packages."""
