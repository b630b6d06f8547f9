"""The policy under the name by which the deployment guide calls it: the same service, and the engine that judges."""

from console.policy.default import create_default_policy
from console.policy.judgement import Judge, Judgement, Terms

__all__ = ["Judge", "Judgement", "Terms", "create_default_policy"]
