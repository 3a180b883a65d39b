"""What commands write beside their tables: pages and figures.

Each file turns results into one page or its figures, and computes nothing that a verdict rests on.
"""
