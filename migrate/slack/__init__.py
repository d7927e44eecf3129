"""Slack as it answers today: bodies of files, avatars and emoji by URL, and what its Web API knows
that no export holds. What is done with all that, and the project's store, lie in the stages."""
