"""The HTML reports: pages, charts, images, and what they say of an estimate."""
