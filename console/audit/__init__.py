"""The audit trail: who did what, when, to what; chained so that a change is found."""
