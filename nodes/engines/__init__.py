"""Engines put transactions in order and give the time. `solo` is one process with one store."""
