"""Model packages: the manifest, the model card, the files beside them."""
