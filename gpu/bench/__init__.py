"""The benchmark of the fused steps on a device, compared with a device copy and with other packages' optimizers.

``run.py`` runs it, ``measure.py`` times, ``peers.py`` lists the other optimizers, ``aims.py`` says what is aimed at,
and ``page.py`` and ``figure.py`` show the results. Whatever measures or shows speed on a device belongs here.
"""
