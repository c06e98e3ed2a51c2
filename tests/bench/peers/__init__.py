"""Wenbao's search beside that of other libraries: `make bench-peers`."""
