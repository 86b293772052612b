"""From a finished run, or a released checkpoint, to a model package."""
