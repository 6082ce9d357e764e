"""How are many faults of one kind shown? The first ones row by row, and how many more there are."""

from collections.abc import Sequence

from kinerja_lab.core.errors import InputFault
from kinerja_lab.core.message import Message

__all__ = ["CAP", "row_faults"]

CAP = 50
"""Faults of one kind in one column that are listed one by one."""


def row_faults(
    code: str, rows: Sequence[tuple[int, str]], *, total: int, file: str, column: str, **params: object,
) -> list[InputFault]:
    """One fault a row, at most ``CAP``, and one more that counts the rest.

    Parameters
    ----------
    code : str
        Under ``[fault]``.
    rows : sequence of (int, str)
        Row of the table (the header is row 1) and the value as read; the first rows are enough.
    total : int
        How many rows have the fault.
    file, column : str
        Where.
    """
    faults = [InputFault(message=Message(f"fault.{code}", params), file=file, line=int(row), column=column,
                         value=str(value)[:60]) for row, value in rows[:CAP]]
    if total > len(faults):
        rest = Message("fault.more_rows", {"n": total - len(faults)})
        faults.append(InputFault(message=rest, file=file, column=column))
    return faults
