"""Many scenes in one run: a task each, one summary."""
