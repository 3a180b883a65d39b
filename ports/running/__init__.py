"""One port on one vector: the messages between checker and child, the run itself, and the comparison.

``compare.py`` sets what a port returned beside what is expected, and ``report.py`` collects the results.
Nothing here starts a process.
"""
