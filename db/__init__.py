"""The database: its tables, its one migration chain, and the way into a transaction."""
