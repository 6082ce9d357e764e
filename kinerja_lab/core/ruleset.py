"""A regulation as data: elements, weights, bands and the years they hold, with a version."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from kinerja_lab.core.errors import KinerjaError

__all__ = ["Band", "Element", "Ruleset"]

_NOISE = Decimal("1e-10")


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One element (unsur) of a survey ruleset; ``code`` is a name, never a position (the U8/U9 trap)."""

    code: str
    name: str
    name_en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A grade that begins at ``lower``; it ends where the next begins."""

    code: str
    name: str
    name_en: str = ""
    lower: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    """A versioned regulation.

    Parameters
    ----------
    code : str
        E.g. ``"skm-2017"``.
    title : str
        How a report names the rule.
    source : str
        Where the facts were taken from.
    confidence : str
        ``"high"``, ``"medium"``, ``"low"`` or ``"mem"``; ``mem`` is never printed as a citation.
    valid_from, valid_to : int or None
        Years in which the rule held; ``None`` means still.
    elements : tuple of Element
        Elements of the survey; empty for rules that are only a scale.
    scale_low, scale_high : float
        Ends of the answer scale.
    index_factor : float
        What turns the weighted mean into the index (25 for the SKM).
    bands : tuple of Band
        Strictly increasing lower bounds; the first begins at the lowest possible value.
    decimals : int
        A value is rounded to this many decimals (half up) before it is placed in a band.

    Raises
    ------
    KinerjaError
        ``bad_bands`` when bounds do not increase.
    """

    code: str
    title: str
    title_en: str = ""
    source: str
    confidence: str
    valid_from: int | None = None
    valid_to: int | None = None
    elements: tuple[Element, ...] = ()
    scale_low: float = 0.0
    scale_high: float = 0.0
    index_factor: float = 1.0
    bands: tuple[Band, ...] = ()
    decimals: int = 2

    def __post_init__(self) -> None:
        lowers = [band.lower for band in self.bands]
        if any(later <= earlier for earlier, later in zip(lowers, lowers[1:], strict=False)):
            raise KinerjaError("bad_bands", ruleset=self.code, bounds=", ".join(map(str, lowers)))

    def round(self, value: float) -> float:
        """The value as the rule rounds it: half up.

        A sum of floats may land a hair below the true decimal (76.60499999999999 for 76.605); ten decimals are settled
        first, so that such noise can never cost a grade.
        """
        settled = Decimal(repr(float(value))).quantize(_NOISE, rounding=ROUND_HALF_UP)
        return float(settled.quantize(Decimal(1).scaleb(-self.decimals), rounding=ROUND_HALF_UP))

    def band_of(self, value: float) -> Band:
        """The band of a value: round first, then compare with lower bounds only, so no value falls in a hole.

        Raises
        ------
        KinerjaError
            ``below_bands`` when the value lies below the first band, ``no_bands`` when the rule has none.
        """
        if not self.bands:
            raise KinerjaError("no_bands", ruleset=self.code)
        rounded = self.round(value)
        held = [band for band in self.bands if rounded >= band.lower]
        if not held:
            raise KinerjaError("below_bands", ruleset=self.code, value=str(value), lowest=str(self.bands[0].lower))
        return held[-1]

    @property
    def good_band(self) -> Band:
        """The band from which a unit counts as good: the lowest of the upper half (B of D, C, B, A).

        Raises
        ------
        KinerjaError
            ``no_bands`` when the rule has none.
        """
        if not self.bands:
            raise KinerjaError("no_bands", ruleset=self.code)
        return self.bands[len(self.bands) // 2]

    def holds_in(self, year: int) -> bool:
        """Whether the rule was in force in a year."""
        return (self.valid_from is None or year >= self.valid_from) and (self.valid_to is None or year <= self.valid_to)

    def __str__(self) -> str:
        return f"{self.code} ({self.title})"
