"""Grids of runs that can be interrupted and go on: what to run, one task of it, and the folder of results.

``spec.py`` reads the grid; ``local.py`` runs it here, and ``dask_cluster.py`` on a cluster.
Results depend on the grid and the seed alone; those of losses with exponentials also on the processor, in last digits.
"""
