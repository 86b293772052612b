"""Rasters on disk: the only folder that imports GDAL."""
