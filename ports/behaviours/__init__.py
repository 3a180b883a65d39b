"""What a port does beside its update: saving, parameter groups, dtypes, bad input.

Each file holds the checks of one subject; ``table.py`` lists all of them with their policies.
A check enters with a port that breaks it, which the tests run.
"""
