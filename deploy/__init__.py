"""How the console is put on a machine: its environment, its local servers, its images."""
