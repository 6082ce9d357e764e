"""Layer 6, the command line: ``kinerja report``, ``check``, ``simulate``, ``import``, ``lab`` and ``doctor``.

The only place that prints. Words come from the text catalogues, in Indonesian unless ``--lang en`` or
``KINERJA_LANG=en``. Exit codes: 0 all good, 1 some reports failed, 2 something in the user's input, 3 a fault of ours,
130 stopped by Ctrl-C.
"""

from kinerja_lab.cli.app import main

__all__ = ["main"]
