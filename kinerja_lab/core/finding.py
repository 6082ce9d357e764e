"""What a check found, and the dossier in which no check can be silent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import pandas as pd

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.core.indicator import Indicator
from kinerja_lab.core.message import Message
from kinerja_lab.core.options import Family, Status

__all__ = ["Dossier", "Finding"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check's answer for one indicator in one region and period.

    Parameters
    ----------
    code : str
        Stable code of the check, e.g. ``"MEA001"``; its manual page is ``docs/checks/<code>.md``.
    family : Family
        Where it stands in the dossier.
    status : Status
        The interval decides, not the point estimate.
    message : Message
        One sentence for an official, ``finding.<code>.<status>``.
    advice : Message or None
        What to do; only with a concern or a failure.
    numbers : mapping of str to float
        The numbers behind the sentence, unrounded.
    """

    code: str
    family: Family
    status: Status
    message: Message
    advice: Message | None = None
    numbers: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "numbers", MappingProxyType(dict(self.numbers)))

    def __reduce__(self):
        return (_rebuild_finding, (self.code, self.family, self.status, self.message, self.advice, dict(self.numbers)))

    def __str__(self) -> str:
        return f"{self.code} {self.status}: {self.message}"


def _rebuild_finding(code, family, status, message, advice, numbers) -> Finding:
    return Finding(code=code, family=family, status=status, message=message, advice=advice, numbers=numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """Every finding on one indicator, with what they rest on.

    Parameters
    ----------
    indicator : Indicator
        The indicator judged.
    findings : tuple of Finding
        One for each registered check, in the order of ``registered``.
    registered : tuple of str
        Codes of all registered checks: silence is impossible.
    fingerprints : mapping of str to str
        Hashes of data, specs and ruleset, and the package version.

    Raises
    ------
    KinerjaError
        ``incomplete_dossier`` naming the checks that are missing or appear twice.
    """

    indicator: Indicator
    findings: tuple[Finding, ...]
    registered: tuple[str, ...]
    fingerprints: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        found = [finding.code for finding in self.findings]
        wrong = sorted({code for code in {*found, *self.registered} if found.count(code) != 1
                        or code not in self.registered})
        if wrong:
            raise KinerjaError("incomplete_dossier", indicator=self.indicator.code, checks=", ".join(wrong))
        object.__setattr__(self, "fingerprints", MappingProxyType(dict(self.fingerprints)))

    def count(self, status: Status) -> int:
        """How many checks ended with a status."""
        return sum(finding.status is status for finding in self.findings)

    def to_frame(self) -> pd.DataFrame:
        """One row a finding; ``message`` is the code of the sentence."""
        return pd.DataFrame([
            {"indicator": self.indicator.code, "code": f.code, "family": f.family.value, "status": f.status.value,
             "message": f.message.code}
            for f in self.findings
        ])

    def __str__(self) -> str:
        counts = ", ".join(f"{status.value} {self.count(status)}" for status in Status if self.count(status))
        return f"Dossier of {self.indicator.code}: {counts}"

    def _repr_html_(self) -> str:
        return self.to_frame().to_html(index=False)
