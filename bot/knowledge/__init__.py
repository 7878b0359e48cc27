"""Reads `knowledge/`: documents into passages, and the questions that each passage answers."""
