"""Tests of the evaluation, and the sets it measures with."""
