"""Intake: image cash letter files, and the demo data that comes in as one."""
