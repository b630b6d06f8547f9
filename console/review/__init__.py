"""The work: queues, claims, decisions, evidence and the two clocks."""
