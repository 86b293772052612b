"""One run over one raster: from its options to its outputs."""
