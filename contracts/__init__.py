"""The rules: tables as data, a versioned vocabulary of guards and effects, one interpreter, one pure `apply`.

To find the rule that refused an action: a refusal names the table, the action and the guard. The table is
`contracts/tables/<kind>.yaml`, the guard `contracts/guards.py`, its test `tests/unit/test_contracts_guards.py`,
all by the same name.
"""
