"""The mutation score of the reference: single edits of its syntax trees, and which check of `verify` notices each."""
