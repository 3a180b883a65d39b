"""Running notebooks and comparing them with the committed ones."""
