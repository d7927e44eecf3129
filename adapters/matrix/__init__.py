"""Matrix: a Slack history in the rooms of a Synapse homeserver."""

from adapters.matrix.adapter import MatrixAdapter, adapter
from adapters.matrix.config import Config

__all__ = ["Config", "MatrixAdapter", "adapter"]
