"""Measures the trained bot on questions that nobody tuned it on, beside plain baselines."""
