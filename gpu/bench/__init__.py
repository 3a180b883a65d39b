"""The benchmark of the fused steps on a device, beside a copy and beside other packages' optimizers.

``measure.py`` times, ``peers.py`` lists the others, ``page.py`` and ``figure.py`` show what came out.
What is measured stands in ``aims.py``.
"""
