"""The speed of the library beside other SMB clients, against a private Samba server; ``make bench`` runs it.

``workloads.py`` says what is measured, ``peers/`` who takes part, ``measure.py`` how: one child process (``worker.py``)
for each measurement, in rounds that are interleaved. ``results.json`` keeps what came out. ``report.py`` and
``charts.py`` make the table and the pictures of the manual's page "Speed" of it, so that the two cannot differ.
"""
