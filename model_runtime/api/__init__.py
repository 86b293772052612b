"""The Python API: a model that is loaded once, and estimates of NumPy and xarray arrays."""
