"""Where the worker's Python is, starting the worker, its events, its end."""
