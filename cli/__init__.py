"""The command line: `lading`, and `lading-verify`, which needs the base dependencies alone."""
