"""The model checker: every order of actions of a rule table, on a small model, before members vote on it.

To find where something is decided: who plays in `cast.py`, which arguments are tried in `domains.py` and `given.py`,
how a real action is carried out in `steps.py` and `trial.py`, when two states are the same in `states.py`, what of a
record matters in `readable.py`, the eight invariants in `invariants.py`, the order of exploring in `explore.py`, what
is reported in `check.py` and `result.py`.
"""
