"""Scenes and the patches of them that training sees."""
