"""By which convention are funnel limits drawn? Scale, far-off units, overdispersion and its estimator, each named."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.core.options import MeasureKind, as_option

__all__ = ["PUBLISHED", "Ends", "FunnelRules", "FunnelScale", "Overdispersion", "Tau2", "house_rules"]


class FunnelScale(StrEnum):
    """Scale on which a unit is compared with its expectation."""

    LOG = "log"
    ROOT = "root"
    ARCSINE = "arcsine"


class Ends(StrEnum):
    """What is done with the scores at either end before the variation between units is measured."""

    TRIM = "trim"
    WINSORISE = "winsorise"
    KEEP = "keep"


class Overdispersion(StrEnum):
    """How variation beyond chance widens the limits."""

    ADDITIVE = "additive"
    MULTIPLICATIVE = "multiplicative"
    NONE = "none"


class Tau2(StrEnum):
    """Estimator of the variation between units that the limits use."""

    DERSIMONIAN_LAIRD = "dersimonian_laird"
    PAULE_MANDEL = "paule_mandel"
    CONSISTENT = "consistent"


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelRules:
    """A convention of funnel limits.

    Parameters
    ----------
    scale : FunnelScale
        ``log`` and ``root`` of observed over expected for rates, ``arcsine`` of the root for proportions.
    ends : Ends
        Trim or winsorise the scores at either end, or keep them as they are.
    share : float
        Share at either end, above 0 and below 0.5.
    overdispersion : Overdispersion
        Additive: variance between units is added to that of chance. Multiplicative: all scores shrink by one factor,
        whatever the size of the unit. None: chance alone.
    estimator : Tau2
        DerSimonian-Laird and Paule-Mandel take what trimming or winsorising leaves, which is too little;
        ``consistent`` is right when units are normal (``numeric.overdispersion.consistent_variance``).
    exact : bool
        Limits never inside the exact Poisson or binomial ones.
    decimals : int or None
        Expected counts are rounded to so many decimals first (SHMI writes two); None: not rounded.

    Raises
    ------
    KinerjaError
        ``unknown_option`` or ``bad_share``.

    Examples
    --------
    >>> FunnelRules(scale="log", ends="trim", overdispersion="additive", estimator="consistent").described()
    'log(O/E); 10 % trimmed at either end; additive overdispersion, consistent tau2; never inside exact limits'
    """

    scale: FunnelScale
    ends: Ends
    share: float = 0.10
    overdispersion: Overdispersion
    estimator: Tau2
    exact: bool = True
    decimals: int | None = None

    def __post_init__(self) -> None:
        for name, kind in (("scale", FunnelScale), ("ends", Ends), ("overdispersion", Overdispersion),
                           ("estimator", Tau2)):
            object.__setattr__(self, name, as_option(kind, getattr(self, name)))
        if not 0 < self.share < 0.5:
            raise KinerjaError("bad_share", value=self.share)

    def described(self) -> str:
        """The convention in a line, for result files."""
        ends = {Ends.TRIM: f"{self.share:.0%} trimmed at either end", Ends.KEEP: "no score left out",
                Ends.WINSORISE: f"{self.share:.0%} winsorised at either end"}[self.ends].replace("%", " %")
        scale = {FunnelScale.LOG: "log(O/E)", FunnelScale.ROOT: "sqrt(O/E)", FunnelScale.ARCSINE: "arcsine"}[self.scale]
        spread = "chance alone"
        if self.overdispersion is not Overdispersion.NONE:
            name = "tau2" if self.overdispersion is Overdispersion.ADDITIVE else "phi"
            spread = f"{self.overdispersion.value} overdispersion, {self.estimator.value} {name}"
        parts = [scale, ends, spread]
        if self.exact:
            parts.append("never inside exact limits")
        if self.decimals is not None:
            parts.append(f"expected counts rounded to {self.decimals} decimals")
        return "; ".join(parts)


_SHMI = FunnelRules(scale=FunnelScale.LOG, ends=Ends.TRIM, overdispersion=Overdispersion.ADDITIVE,
                    estimator=Tau2.DERSIMONIAN_LAIRD, exact=False, decimals=2)
_CQC = FunnelRules(scale=FunnelScale.ROOT, ends=Ends.WINSORISE, overdispersion=Overdispersion.ADDITIVE,
                   estimator=Tau2.DERSIMONIAN_LAIRD, exact=False)
_SHARES = FunnelRules(scale=FunnelScale.ARCSINE, ends=Ends.WINSORISE, overdispersion=Overdispersion.ADDITIVE,
                      estimator=Tau2.DERSIMONIAN_LAIRD, exact=False)
_FACTOR = FunnelRules(scale=FunnelScale.ROOT, ends=Ends.WINSORISE, overdispersion=Overdispersion.MULTIPLICATIVE,
                      estimator=Tau2.DERSIMONIAN_LAIRD, exact=False)

PUBLISHED: Mapping[str, FunnelRules] = MappingProxyType({
    "shmi": _SHMI, "cqc": _CQC, "arcsine": _SHARES, "spiegelhalter_2005": _FACTOR})
"""Conventions as published: NHS Digital's mortality indicator, the Care Quality Commission's ratios, the proportions of
FunnelPlotR, and the multiplicative limits of Spiegelhalter (2005)."""


def house_rules(kind: MeasureKind) -> FunnelRules:
    """The convention of this package's reports.

    Parameters
    ----------
    kind : MeasureKind
        A proportion is judged on the arcsine scale, winsorised; a rate on the log scale, trimmed.

    Examples
    --------
    >>> house_rules(MeasureKind.RATE).ends.value, house_rules(MeasureKind.PROPORTION).ends.value
    ('trim', 'winsorise')
    """
    share = kind is MeasureKind.PROPORTION
    return FunnelRules(scale=FunnelScale.ARCSINE if share else FunnelScale.LOG,
                       ends=Ends.WINSORISE if share else Ends.TRIM, overdispersion=Overdispersion.ADDITIVE,
                       estimator=Tau2.CONSISTENT)
