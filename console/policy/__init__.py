"""What decides whether a check needs review, how urgently, in which queue and by how many people."""

from console.policy.default import create_default_policy

__all__ = ["create_default_policy"]
