"""What the plugin adds to QGIS's window; the panel is imported when it is first opened."""
