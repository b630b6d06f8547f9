"""How the installation itself does: jobs and workers, regular checks, figures for monitoring."""
