"""Spectra as arrays: band responses, resampling, metrics, radiometry."""
