"""Where a ledger is kept: the port, its twin in memory, and SQLAlchemy behind it.

The only part of `ledger` that does I/O, and the only one that may import a database.
"""
