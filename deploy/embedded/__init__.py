"""PostgreSQL, Valkey and an S3 store on this machine, for ``python3 main.py`` and for the tests.

Everything lies in one ``DATA_DIR`` and listens on 127.0.0.1 only. A *guardian* process is the parent of the
servers: it starts them, and stops them when its own parent is gone, however that came about. A production
deployment brings its own services and does not install the ``embedded`` extra.
"""
