"""May a study's tables be used at all? Personal data stop it, and so does every other fault of a row."""

from kinerja_lab.io.checks import check_study
from kinerja_lab.io.personal import mask, personal_data_faults

__all__ = ["check_study", "mask", "personal_data_faults"]
