"""The rules: tables as data, a versioned vocabulary of guards and effects, one interpreter, one pure `apply`.

To find the rule that refused an action: a refusal names the table, the action and the guard. The table is
`contracts/tables/<kind>.yaml` (to read: `docs/rules/<kind>.md`), the guard `contracts/guards.py`, its test
`test_<guard>` in `tests/unit/test_contracts_guards*.py`; who may do what is tried in `test_contracts_tables.py`.
"""
