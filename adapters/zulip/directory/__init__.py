"""The import directory of a new organization: composed, joined, checked and read back. Nothing here
talks to a server."""
