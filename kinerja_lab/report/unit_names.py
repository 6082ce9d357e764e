"""What is a unit or a region called in a report: the same name may stand in two cities?"""

from collections.abc import Iterable

import pandas as pd

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.io.study_values import Study

__all__ = ["region_names", "with_regions"]


def region_names(study: Study) -> dict[str, str]:
    """Names of the places that the tables hold, by their code there.

    Parameters
    ----------
    study : Study
        The study as loaded; where a region shows the units of another one, that one's name counts.
    """
    return {region.data_code: region.shown_name or region.name for region in study.regions}


def with_regions(
    names: dict[str, str], *, study: Study, homes: Iterable[pd.DataFrame | NotApplicable], unit_word: str,
) -> dict[str, str]:
    """Names of units with their region behind, for pages on which units of many regions stand.

    Parameters
    ----------
    names : dict of str to str
        Names by code; a unit without one is called by the word for a unit and its code.
    study : Study
        Knows the names of regions.
    homes : iterable of (pandas.DataFrame or NotApplicable)
        Frames with the columns ``unit`` and ``region``.
    unit_word : str
        What the study calls a unit, in the report's language.

    Returns
    -------
    dict of str to str
        ``"Sekolah 20 (Kota Kupang)"``; a name that holds its region's already stays as it is, and so does that of a
        unit met in several regions.
    """
    parts = [frame[["unit", "region"]].drop_duplicates() for frame in homes if not isinstance(frame, NotApplicable)]
    if not parts:
        return dict(names)
    pairs = pd.concat(parts, ignore_index=True).astype(str).drop_duplicates()
    pairs = pairs[~pairs["unit"].duplicated(keep=False)]
    regions, out = region_names(study), dict(names)
    for unit, region in zip(pairs["unit"], pairs["region"], strict=True):
        own, place = names.get(unit) or f"{unit_word} {unit}", regions.get(region, region)
        out[unit] = own if place.casefold() in own.casefold() else f"{own} ({_short(place)})"
    return out


def _short(place: str) -> str:
    """The name of a district with its level as it is commonly shortened."""
    return f"Kab. {place.removeprefix('Kabupaten ')}" if place.startswith("Kabupaten ") else place
