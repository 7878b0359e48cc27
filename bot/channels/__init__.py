"""Where messages come in, behind one guard: escalate first, never be silent."""
