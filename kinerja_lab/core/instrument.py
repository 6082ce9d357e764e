"""The questionnaire: items, their scale and the ruleset it follows."""

from dataclasses import dataclass

from kinerja_lab.core.errors import KinerjaError

__all__ = ["Instrument", "Item"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question.

    Parameters
    ----------
    code : str
        Column of the answers after import, and the element code where a ruleset is followed (by name, never by
        position).
    text, text_en : str
        Wording shown to the respondent.
    options : tuple of str
        Answer texts from the lowest value to the highest; empty when unknown.
    reverse : bool
        Whether a high answer means a bad service.
    subscale : str
        Subscale it belongs to; empty when there is one scale.
    """

    code: str
    text: str
    text_en: str = ""
    options: tuple[str, ...] = ()
    reverse: bool = False
    subscale: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """Items on one answer scale.

    Parameters
    ----------
    code : str
        Name of the instrument.
    title, title_en : str
        How a report calls it.
    items : tuple of Item
        At least one; codes unique.
    low, high : int
        Ends of the answer scale, ``low < high``.
    ruleset : str
        Code of the ruleset it follows.

    Raises
    ------
    KinerjaError
        ``bad_instrument`` with the reason in its code.
    """

    code: str
    title: str
    title_en: str = ""
    items: tuple[Item, ...]
    low: int
    high: int
    ruleset: str

    def __post_init__(self) -> None:
        codes = [item.code for item in self.items]
        if not codes or len(set(codes)) != len(codes):
            raise KinerjaError("instrument_items", instrument=self.code, items=", ".join(codes))
        if self.low >= self.high:
            raise KinerjaError("instrument_scale", instrument=self.code, low=self.low, high=self.high)
        for item in self.items:
            if item.options and len(item.options) != self.high - self.low + 1:
                raise KinerjaError("instrument_options", instrument=self.code, item=item.code, n=len(item.options))

    @property
    def item_codes(self) -> tuple[str, ...]:
        """Item codes in order."""
        return tuple(item.code for item in self.items)

    def item(self, code: str) -> Item:
        """The item of a code."""
        for item in self.items:
            if item.code == code:
                return item
        raise KinerjaError("no_such_item", instrument=self.code, item=code)
