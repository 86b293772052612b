"""The training loop: losses, steps, processes, checkpoints, validation."""
