"""The HTTP interface of a node, under `/v1`: `app.py` has its routes, `server.py` runs them."""
