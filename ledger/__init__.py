"""The ledger's core: formats, hashes, signatures, trees, proofs and their verification.

Nothing here (but for `ledger.store`) does I/O, reads a clock or draws randomness; time and random
bytes are arguments. It imports nothing but PyNaCl, msgpack and rfc8785, and can be lifted out by a
verifier that has no database and no server.
"""
