"""What an unfinished run leaves for the next: finished units and the facts of the run."""
