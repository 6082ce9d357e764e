"""When is a column of text a column of numbers? Only where no digit is lost."""

import pandas as pd

__all__ = ["numbers_where_safe"]


def numbers_where_safe(column: pd.Series, *, decimal: str = ".") -> pd.Series:
    """The column as numbers where every cell is a plain number; codes such as 0101 or 52.71.03 stay text.

    Parameters
    ----------
    column : pandas.Series
        Text, missing cells allowed.
    decimal : str
        ``"."`` or ``","``.

    Examples
    --------
    >>> numbers_where_safe(pd.Series(["0101", "0102"])).tolist()
    ['0101', '0102']
    >>> numbers_where_safe(pd.Series(["1", None, "2.5"])).tolist()
    [1.0, nan, 2.5]
    """
    text = column.dropna().str.strip()
    # With a comma nothing but a number is meant; with a point it may be a code, and 52.70 is not 52.7.
    fraction = r"(,\d+)?" if decimal == "," else r"(\.\d*[1-9])?"
    if not len(text) or not text.str.fullmatch(rf"-?(0|[1-9]\d{{0,14}}){fraction}").all():
        return column
    return pd.to_numeric(column.str.strip().str.replace(decimal, ".", regex=False))
