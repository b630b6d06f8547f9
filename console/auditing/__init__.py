"""The audit trail where people read it: found, opened with its proof, taken along."""
