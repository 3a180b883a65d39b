"""Methods that the package does not have, as users write them: one file each."""
