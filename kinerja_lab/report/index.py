"""Which regions have a report, what do they say in short, and which ones failed and why?"""

import base64
import hashlib
import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from kinerja_lab import __version__
from kinerja_lab.core.options import Status
from kinerja_lab.io.whole_files import write_whole
from kinerja_lab.report.export import stylesheet
from kinerja_lab.report.files import file_sha256, json_text
from kinerja_lab.report.forest import forest_svg
from kinerja_lab.report.jobs import DONE_FILE, FAILED, INDEX_PAGE, RESULT_FILE, package_fingerprint
from kinerja_lab.report.plan import SUMMARY_FOLDER, Place, StudyPlan
from kinerja_lab.report.summary import estimates_frame, parquet_bytes, xlsx_bytes
from kinerja_lab.text.catalogue import Catalogue, catalogue
from kinerja_lab.text.numbers import MISSING_MARK, number

__all__ = ["write_front_page", "write_index"]

REGION_LIMIT = 60
"""Regions in the picture: the highest and the lowest; the table has them all."""
STATE_FILE = "indeks.json"
TABLES = ("summary.parquet", "summary.xlsx")
_SEARCH = """
(function () {
  var box = document.getElementById('cari'), rows = document.querySelectorAll('tbody tr[data-words]');
  document.querySelector('.search').hidden = false;
  box.addEventListener('input', function () {
    var wanted = box.value.toLowerCase();
    rows.forEach(function (row) { row.hidden = row.dataset.words.indexOf(wanted) < 0; });
  });
})();
"""


@cache
def _template(name: str) -> Any:
    from jinja2 import Environment

    text = files("kinerja_lab.report").joinpath("template", name).read_text(encoding="utf-8")
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(text)


def write_index(plan: StudyPlan) -> Path:
    """The page of a study and its tables of all estimates, from what stands on disk.

    Parameters
    ----------
    plan : StudyPlan
        Every region of the study is listed, also one without a report.

    Returns
    -------
    Path
        The page. Nothing is rewritten when nothing changed.
    """
    page = plan.root / INDEX_PAGE
    state = _state(plan)
    whole = all((plan.root / name).exists() for name in (INDEX_PAGE, *TABLES))
    if whole and _old_state(plan.root).get("state") == state:
        return page
    words = catalogue(plan.language)
    rows = [_row(place, plan, words) for place in plan.places]
    results = [row["result"] for row in rows if row["result"]]
    summary = _read(plan.root / SUMMARY_FOLDER / RESULT_FILE)
    frame = estimates_frame([*results, *([summary] if summary else [])])
    write_whole(plan.root / TABLES[0], parquet_bytes(frame))
    write_whole(plan.root / TABLES[1], xlsx_bytes(frame))
    failures = [record for record in map(_read, sorted((plan.root / FAILED).glob("*.json"))) if record]
    write_whole(page, _template("studi.html.j2").render(
        lang=plan.language, title=plan.title, period=plan.period, note=plan.note, synthetic=plan.synthetic,
        css=stylesheet(), script=_SEARCH, script_hash=_hash(_SEARCH), rows=rows, failures=failures, tables=TABLES,
        statuses=[(status.value, words.name("status", status.value)) for status in Status],
        summary=f"{SUMMARY_FOLDER}/{INDEX_PAGE}" if summary else "", picture=_picture(results, plan.language, words),
        interval_head=_interval_head(results, plan.language, words), version=__version__, t=words.text,
    ))
    write_whole(plan.root / STATE_FILE, json_text({
        "state": state, "study": plan.study, "title": plan.title, "period": plan.period, "regions": len(rows),
        "made": sum(row["state"] == "made" for row in rows), "failed": len(failures), "synthetic": plan.synthetic,
    }))
    return page


def write_front_page(out: Path, *, skipped: Sequence[tuple[str, str]], lang: str) -> Path:
    """The page that lists the studies.

    Parameters
    ----------
    out : Path
        Folder of all reports.
    skipped : sequence of (study, line)
        Studies without data, with the line that says how to get them.
    lang : str
        ``"id"`` or ``"en"``.
    """
    words = catalogue(lang)
    studies = [{**state, "folder": path.parent.name} for path in sorted(out.glob(f"*/{STATE_FILE}"))
               if (state := _read(path))]
    page = _template("depan.html.j2").render(lang=lang, css=stylesheet(), studies=studies, skipped=list(skipped),
                                             version=__version__, t=words.text)
    target = out / INDEX_PAGE
    if not target.exists() or target.read_text(encoding="utf-8") != page:
        write_whole(target, page)
    return target


def _row(place: Place, plan: StudyPlan, words: Catalogue) -> dict[str, Any]:
    folder = plan.root / place.folder
    result = _read(folder / RESULT_FILE) if (folder / DONE_FILE).exists() else None
    failed = (plan.root / FAILED / f"{place.folder}.json").exists()
    state = {(True, False): "made", (True, True): "old", (False, True): "failed", (False, False): "absent"}[
        (result is not None, failed)]
    headline = (result or {}).get("headline") or {}
    return {
        "code": place.code, "name": place.name, "state": state, "href": f"{place.folder}/{INDEX_PAGE}",
        "words": f"{place.code} {place.name}".lower(), "result": result, "verdicts": (result or {}).get("verdicts", {}),
        "period": (result or {}).get("period", ""), "label": words.name("label", headline.get("label", "")),
        "number": _number(headline, plan.language), "interval": _interval(headline, plan.language, words),
    }


def _number(headline: dict[str, Any], lang: str) -> str:
    value = headline.get("value")
    return MISSING_MARK if value is None else number(value, lang=lang)


def _interval(headline: dict[str, Any], lang: str, words: Catalogue) -> str:
    low, high, note = headline.get("low"), headline.get("high"), headline.get("note", "")
    if low is not None and high is not None:
        return f"{number(low, lang=lang)} – {number(high, lang=lang)}"
    return words.name("note", note) if note else MISSING_MARK


def _interval_head(results: Sequence[dict[str, Any]], lang: str, words: Catalogue) -> str:
    """Head of the column of intervals, with their level where it is the same everywhere."""
    levels = {result["level"] for result in results}
    if len(levels) != 1:
        return words.text("index_page.interval")
    return words.text("index_page.interval_level", level=number(levels.pop(), lang=lang, spec=".0%"))


def _picture(results: Sequence[dict[str, Any]], lang: str, words: Catalogue) -> dict[str, str] | None:
    """Regions whose headline is the same number in the same unit; others cannot stand on one axis."""
    heads = [(result["region"]["name"], result["headline"]) for result in results if result["headline"]]
    heads = [(name, head) for name, head in heads if head["value"] is not None]
    if len(heads) < 2 or len({(head["label"], head["unit"]) for _, head in heads}) != 1:
        return None
    left_out = max(len(heads) - REGION_LIMIT, 0)
    if left_out:
        heads.sort(key=lambda pair: -pair[1]["value"])
        heads = [*heads[:REGION_LIMIT // 2], *heads[-(REGION_LIMIT // 2):]]
    head = heads[0][1]
    title = words.text("index_page.picture", label=words.name("label", head["label"]),
                       unit=words.name("unit", head["unit"]))
    rows = [(name, each["value"], each["low"], each["high"]) for name, each in heads]
    return {"svg": forest_svg(rows, title=title, lang=lang), "title": title,
            "note": words.text("index_page.left_out", n=left_out, most=REGION_LIMIT // 2) if left_out else ""}


def _state(plan: StudyPlan) -> str:
    """Hash of everything the page is made from."""
    parts = [plan.title, plan.language, plan.period, plan.note, package_fingerprint()]
    for folder in (*(place.folder for place in plan.places), SUMMARY_FOLDER):
        for path in (plan.root / folder / DONE_FILE, plan.root / FAILED / f"{folder}.json"):
            parts.append(f"{folder} {file_sha256(path) if path.exists() else '-'}")
    parts += [f"{place.code} {place.name}" for place in plan.places]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _old_state(root: Path) -> dict[str, Any]:
    return _read(root / STATE_FILE) or {}


def _read(path: Path) -> dict[str, Any] | None:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _hash(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
