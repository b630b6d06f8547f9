"""The API under API_V1_PREFIX, for programs: its own door, the same services as the pages."""
