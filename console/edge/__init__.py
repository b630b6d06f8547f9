"""HTTP that is not a page: the gate, security headers and health."""
