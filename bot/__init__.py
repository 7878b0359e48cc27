"""A guide to CAR T-cell therapy that quotes its sources and escalates urgent symptoms."""
