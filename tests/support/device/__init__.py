"""Stand-ins for a CUDA device on the host."""
