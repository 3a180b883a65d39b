"""Golden vectors: their cases, proof, tolerances and files."""
