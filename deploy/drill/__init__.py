"""The disaster drill: ``python -m deploy.drill`` loses a database on this machine and brings it back.

Everything is real and of the drill's own: PostgreSQL 15 and pgBackRest (Debian's), the object store, Valkey, the
console's processes. It measures RTO and RPO and fails above the deployment guide's 4 hours and 1 hour.

A command of its own and not one of `main.py`: what starts and destroys servers is not to be in a production image.
"""
