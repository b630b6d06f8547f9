"""What is kept how long, what is destroyed after it with what proof, and the legal holds that forbid it."""
