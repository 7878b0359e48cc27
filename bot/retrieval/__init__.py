"""Finds the passage that answers a question, or says that none does."""
