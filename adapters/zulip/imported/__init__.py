"""What became of a directory at its server, read from an export of the organization or over its
API, and held against the directory."""
