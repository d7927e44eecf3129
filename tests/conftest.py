"""What holds for every test: hypothesis draws the same examples each time, and leaves no files."""

from pathlib import Path

from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir

set_hypothesis_home_dir(Path(__file__).parents[1] / ".venv" / "cache" / "hypothesis")
settings.register_profile("chat-migrate", derandomize=True, deadline=None)
settings.load_profile("chat-migrate")
