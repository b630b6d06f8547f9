"""Who may do what: permissions, passwords, TOTP, sessions, people and the sign-in."""
