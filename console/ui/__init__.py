"""The pieces every screen is built from: theme, shell, keys, and the four browser components."""
