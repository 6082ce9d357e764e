"""kinerja_lab: from "this office should serve people well" to an indicator that can be defended.

The folders follow the user's path: drafting, panels, estimation, psychometrics, profiling, calibration, report. Import
from the folders (``from kinerja_lab.estimation.satisfaction import satisfaction_index``); this root holds the version
and nothing else, so that importing it stays cheap.
"""

__version__ = "0.1.0"
__all__ = ["__version__"]
