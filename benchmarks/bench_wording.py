"""How often do the wording rules find what a person finds, and how often do they cry wolf?

Reads ``tests/reference/wording_labels.csv``, prints precision and recall per rule with Wilson intervals of 95 %, and
the time per indicator. The same table stands in ``docs/methods/wording.md`` (a test compares them).
"""

import csv
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from kinerja_lab.core.options import IndicatorLevel
from kinerja_lab.drafting.wording import Draft, check_wording
from kinerja_lab.io.wording_rules import load_wording_rules, read_wording_rules
from kinerja_lab.numeric.intervals import wilson

LABELS = Path(__file__).resolve().parents[1] / "tests" / "reference" / "wording_labels.csv"
BEFORE = LABELS.with_name("wording_rules_2026_1.yml")
PARTS = {
    "ab": ("kalimat yang dikumpulkan dan disusun penulis aturan (bagian a dan b), aturan sekarang", None),
    "c": ("dokumen daerah lain (bagian c), aturan 2026.1 yang ditulis sebelum bagian c dibaca", BEFORE),
    "d": ("dokumen lain lagi (bagian d), aturan sekarang yang ditulis sebelum bagian d diukur", None),
}
HEAD = ("| aturan | benar | salah alarm | terlewat | presisi (selang 95%) | kelengkapan (selang 95%) |",
        "|---|---:|---:|---:|---|---|")


def labelled() -> list[dict[str, str]]:
    """Rows of the labelled set."""
    with LABELS.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def draft_of(row: Mapping[str, str]) -> Draft:
    """The words of a labelled row."""
    survey = "SKM" in row["numerator"] or row["source"].startswith("Survei Kepuasan")
    return Draft(name=row["name"], numerator=row["numerator"], denominator=row["denominator"], unit=row["unit"],
                 level=IndicatorLevel(row["level"]), source=row["source"], frequency=row["frequency"], survey=survey)


def outcomes(rows: Sequence[Mapping[str, str]], *, file: Path | None = None) -> dict[str, dict[str, list[str]]]:
    """Ids of the rows found rightly, found wrongly and missed, by rule of a file (the shipped one by default)."""
    rules = read_wording_rules(file) if file else load_wording_rules()
    out = {rule.code: {"right": [], "wrong": [], "missed": []} for rule in rules.rules}
    for row in rows:
        found = {hit.code for hit in check_wording(draft_of(row), rules=rules)}
        meant = set(row["labels"].split())
        for code, lists in out.items():
            kind = {(True, True): "right", (True, False): "wrong", (False, True): "missed"}.get(
                (code in found, code in meant))
            if kind:
                lists[kind].append(row["id"])
    return out


def table(rows: Sequence[Mapping[str, str]], *, file: Path | None = None) -> list[str]:
    """Precision and recall as lines of a Markdown table."""
    lines = list(HEAD)
    for code, lists in outcomes(rows, file=file).items():
        right, wrong, missed = (len(lists[name]) for name in ("right", "wrong", "missed"))
        lines.append(f"| {code} | {right} | {wrong} | {missed} | {_share(right, right + wrong)} | "
                     f"{_share(right, right + missed)} |")
    return lines


def _share(hits: int, total: int) -> str:
    if not total:
        return "–"
    low, high = wilson(np.array([hits]), np.array([total]), level=0.95)
    return f"{hits / total:.2f} ({low[0]:.2f}–{high[0]:.2f})".replace(".", ",")


def main() -> None:
    rows = labelled()
    for part, (title, file) in PARTS.items():
        chosen = [row for row in rows if row["part"] in part]
        print(f"{title}: {len(chosen)} indikator")
        print("\n".join(table(chosen, file=file)))
    if "--errors" in sys.argv:
        names = {row["id"]: row["name"] for row in rows}
        for code, lists in outcomes(rows).items():
            for kind in ("wrong", "missed"):
                print(code, kind, *(f"\n   {id_}: {names[id_]}" for id_ in lists[kind]))
    drafts, rules = [draft_of(row) for row in rows], load_wording_rules()
    began = time.perf_counter()
    for draft in drafts:
        check_wording(draft, rules=rules)
    print(f"{1000 * (time.perf_counter() - began) / len(drafts):.2f} ms per indicator")


if __name__ == "__main__":
    main()
