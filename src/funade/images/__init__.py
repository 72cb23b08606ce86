"""Images: the registries that hold them, and who may pull from those."""
