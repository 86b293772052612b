"""Scenes, spectra and pictures, and the patches of them that training sees."""
