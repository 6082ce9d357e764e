"""Which studies are there, and what can be reported from each?"""

from html import escape
from pathlib import Path

import pandas as pd

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.io.places import find_studies, studies_root
from kinerja_lab.io.study import load_study
from kinerja_lab.report.show import html
from kinerja_lab.report.tables import table_html
from kinerja_lab.text.catalogue import catalogue

__all__ = ["studies_table"]


def studies_table(*, language: str, root: Path | None = None):
    """Every study with its regions and periods, or why it cannot be read.

    Parameters
    ----------
    language : str
        ``"id"`` or ``"en"``.
    root : pathlib.Path or None
        Folder of studies; ``None`` means ``studies_root()``.
    """
    words = catalogue(language)
    rows = []
    for folder in find_studies(root or studies_root()):
        row = {"study": folder.name, "title": "", "regions": 0, "periods": "", "note": ""}
        try:
            study = load_study(folder)
        except KinerjaError as error:
            rows.append({**row, "note": " ".join(words.error(error))})
        else:
            rows.append({**row, "title": study.title[language], "regions": len(study.regions),
                         "periods": ", ".join(study.periods) or "–"})
    if not rows:
        return html(f"<p>{escape(words.text('overview.none'))}</p>")
    headers = {name: words.text(f"overview.{name}") for name in ("study", "title", "regions", "periods", "note")}
    return html(table_html(pd.DataFrame(rows), lang=language, headers=headers, caption=words.text("overview.caption")))
