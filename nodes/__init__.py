"""A member's node: engine, keys, documents, vault, checkpoints, proofs, audit.

Everything that has to do with disks, clocks, randomness and processes stands here, around the pure
`contracts` and `ledger`.
"""
