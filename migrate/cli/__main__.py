"""`python -m migrate.cli` is `chat-migrate`, for where the command is not on the path."""

from migrate.cli import main

if __name__ == "__main__":
    main()
