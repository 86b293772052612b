"""The spectral profile panel; nothing of it is imported before it is opened."""
