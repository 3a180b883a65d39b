"""Statistics of runs: confidence bounds, intervals over seeds, fitted slopes.

Each file is one estimate with its coverage. Nothing here knows a method or a problem.
"""
