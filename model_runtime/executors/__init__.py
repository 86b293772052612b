"""Who computes: this process, or the workers of a Dask cluster."""
