"""``kinerja cascade``: which promises hang under which, and what deserves a question?"""

from pathlib import Path

from kinerja_lab.cli.console import say, words
from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.drafting.cascade import cascade_findings, outline
from kinerja_lab.io.cascade_files import read_cascade, read_cascade_rules

__all__ = ["FORMATS", "show_cascade"]

FORMATS = (".svg", ".png", ".pdf")
"""Endings of a picture."""


def show_cascade(file: Path, *, levels: Path | None, out: Path | None, lang: str) -> int:
    """Print the outline and the findings; draw the tree where asked."""
    if out is not None and out.suffix.lower() not in FORMATS:
        raise KinerjaError("picture_suffix", suffix=out.suffix or "-", choices=", ".join(FORMATS))
    text = words(lang)
    cascade = read_cascade(file, rules=read_cascade_rules(levels) if levels is not None else None)
    for depth, node in outline(cascade):
        level = cascade.rules.level(node.level).name.of(lang)
        say(f"{'  ' * depth}{node.code}  {level}: {' '.join(node.name.split())}")
        for indicator in node.indicators:
            place = text.text(f"finding_part.level_{indicator.level.value}")
            say(f"{'  ' * (depth + 2)}- {indicator.name}: {place}")
    findings = cascade_findings(cascade)
    say()
    say(text.text("cascade_cli.findings" if findings else "cascade_cli.no_findings", n=len(findings)))
    for finding in findings:
        say(f"- {text.sentence(finding.message)} {text.sentence(finding.advice)}")
    if out is not None:
        _draw(cascade, findings, out, lang)
        say(text.text("cascade_cli.drawn", file=str(out)))
    return 0


def _draw(cascade, findings, out: Path, lang: str) -> None:
    import io

    import matplotlib

    matplotlib.use("Agg")
    from kinerja_lab.io.whole_files import write_whole
    from kinerja_lab.plot.cascade import cascade_axes, cascade_tree

    axes = cascade_tree(cascade, findings=findings, lang=lang,
                        axes=cascade_axes(cascade, findings=findings, lang=lang))
    picture, kind = io.BytesIO(), out.suffix.lower().lstrip(".")
    # Letters stay letters: they can be searched and read aloud, and the same tree gives the same file.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "kinerja"}):
        axes.figure.savefig(picture, format=kind, bbox_inches="tight", facecolor="white",
                            metadata={"Date": None} if kind == "svg" else None)
    write_whole(out, picture.getvalue())
