"""How does a small table look on a terminal that may be a pipe?"""

from collections.abc import Sequence

__all__ = ["WIDEST", "columns"]

WIDEST = 44
"""Letters that a long name keeps where there are many columns."""


def columns(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = (), cut: Sequence[int] = (),
) -> list[str]:
    """Lines of a table, columns two spaces apart.

    Parameters
    ----------
    head : sequence of str
        Names of the columns.
    rows : sequence of sequence of str
        Cells, as text.
    right : sequence of int
        Columns of numbers, which stand at the right.
    cut : sequence of int
        Columns whose texts are cut, and marked, after ``WIDEST`` letters.

    Examples
    --------
    >>> columns(["a", "n"], [["satu", "1"], ["dua", "20"]], right=[1])
    ['a      n', 'satu   1', 'dua   20']
    """
    table = [[_cut(cell) if place in cut else " ".join(cell.split()) for place, cell in enumerate(row)]
             for row in (head, *rows)]
    widths = [max(len(row[place]) for row in table) for place in range(len(head))]
    return ["  ".join(cell.rjust(width) if place in right else cell.ljust(width)
                      for place, (cell, width) in enumerate(zip(row, widths, strict=True))).rstrip() for row in table]


def _cut(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= WIDEST else plain[:WIDEST - 1] + "…"
