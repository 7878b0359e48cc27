"""Measures the passage index on far more passages than one clinic has: `make bench-scale`."""
