"""The process and the machine: memory, cancellation, threads."""
