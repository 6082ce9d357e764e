"""Layer 5, the workshop: experts in one room, each with a phone, answer about indicators; nothing they send is lost.

A workshop is one SQLite file beside the study. ``plan`` says what is asked in which round, ``store`` keeps every answer
as an appended record (nothing is overwritten, the latest counts), ``reading`` turns the file into a ``JudgePanel`` and
progress, ``results`` into agreement and drift. ``server`` shows the panellists' and the facilitator's pages; ``board``
is the same view in a notebook. Panellists never reach the Jupyter server: its token means running code.
"""
