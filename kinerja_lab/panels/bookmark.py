"""Up to which item of a booklet ordered by difficulty should a barely acceptable unit get? Bookmark."""

from dataclasses import dataclass

import numpy as np

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.core.message import Message
from kinerja_lab.core.panel import JudgePanel
from kinerja_lab.core.standard import StandardPlan
from kinerja_lab.panels.cut_scores import StandardSetting, judge_rows, over_judges, settle
from kinerja_lab.panels.reading import read_ratings

__all__ = ["Booklet", "booklet", "bookmark"]

RULES = ("between", "at")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Booklet:
    """Items in order of difficulty.

    Parameters
    ----------
    items : tuple of str
        Page 1 first.
    locations : numpy.ndarray, shape (items,)
        Where on the latent scale a unit achieves the item with probability ``rp``; rising.
    rp : float
        Response probability, between 0 and 1.
    """

    items: tuple[str, ...]
    locations: np.ndarray
    rp: float

    def __post_init__(self) -> None:
        places = np.asarray(self.locations, dtype=float)
        rising = len(places) == len(self.items) and np.isfinite(places).all() and (np.diff(places) >= 0).all()
        if len(places) < 2 or not rising:
            raise KinerjaError("booklet_order", n=len(self.items))
        if not 0 < self.rp < 1:
            raise KinerjaError("booklet_rp", value=str(self.rp))


def booklet(
    items: tuple[str, ...], *, locations: np.ndarray, slopes: np.ndarray | None = None,
    guessing: np.ndarray | None = None, rp: float, scaling: float = 1.0, offset: float = 0.0, unit: float = 1.0,
) -> Booklet:
    """The ordered booklet of items with known parameters.

    Parameters
    ----------
    items : tuple of str
        Item codes.
    locations : numpy.ndarray, shape (items,)
        Difficulties b.
    slopes : numpy.ndarray, shape (items,), optional
        Slopes a, positive; 1 where not given (Rasch).
    guessing : numpy.ndarray, shape (items,), optional
        Lower asymptotes c, 0 to below ``rp``; 0 where not given.
    rp : float
        Response probability, between 0 and 1 (2/3 is usual).
    scaling : float
        D of the model: 1 for logistic, 1.7 where slopes are on the normal scale.
    offset, unit : float
        A location on the reporting scale is offset + unit x theta.

    Returns
    -------
    Booklet

    Raises
    ------
    KinerjaError
        ``booklet_parameters`` or ``booklet_rp``.

    Notes
    -----
    theta = b + ln((rp - c) / (1 - rp)) / (D a).

    References
    ----------
    Mitzel, H. C., Lewis, D. M., Patz, R. J., Green, D. R. (2001). The Bookmark procedure: psychological perspectives.
    In Cizek, G. J. (ed.), Setting performance standards. Erlbaum.

    Examples
    --------
    At a response probability of 2/3 a Rasch item of difficulty 0 stands at ln 2:

    >>> import numpy as np
    >>> made = booklet(("a", "b"), locations=np.array([0.0, 1.0]), rp=2 / 3)
    >>> round(float(made.locations[0]), 6)
    0.693147
    """
    b = np.asarray(locations, dtype=float)
    a = np.ones(len(b)) if slopes is None else np.asarray(slopes, dtype=float)
    c = np.zeros(len(b)) if guessing is None else np.asarray(guessing, dtype=float)
    if not 0 < rp < 1:
        raise KinerjaError("booklet_rp", value=str(rp))
    good = (len(items) == len(a) == len(b) == len(c) and np.isfinite([a, b, c]).all() and (a > 0).all()
            and (c >= 0).all() and (c < rp).all() and scaling > 0 and unit > 0)
    if not good:
        raise KinerjaError("booklet_parameters", n=len(items))
    theta = offset + unit * (b + np.log((rp - c) / (1 - rp)) / (scaling * a))
    order = np.argsort(theta, kind="stable")
    return Booklet(items=tuple(items[place] for place in order), locations=theta[order], rp=rp)


def bookmark(
    panel: JudgePanel, *, question: str, round: int, pages: Booklet, rule: str, plan: StandardPlan,
) -> StandardSetting:
    """Cut scores by the Bookmark method.

    Parameters
    ----------
    panel : JudgePanel
        Its items are the cuts, lowest first; a rating is the page of the bookmark. At least two judges.
    question : str
        Code of the question.
    round : int
        The round that counts.
    pages : Booklet
        The booklet the judges read.
    rule : str
        ``"between"``: the mean location of the bookmarked item and the one before; ``"at"``: the bookmarked item.
    plan : StandardPlan
        Scale of the locations, and the bands.

    Returns
    -------
    StandardSetting

    Raises
    ------
    KinerjaError
        ``no_such_question``, ``no_such_round``, ``panel_unknown_rule``, ``bookmark_page``, ``standard_bands``,
        ``cuts_not_increasing`` or ``cut_off_scale``.
    NotApplicable
        ``panel_too_few_judges``, ``panel_items_unrated`` or ``panel_incomplete``.

    Notes
    -----
    Each bookmark becomes a location; the cut is the mean over judges, its error sd / sqrt(judges). The item parameters
    are held fixed. Page 1 with ``"between"`` takes the first item's own location.

    References
    ----------
    Mitzel, H. C., Lewis, D. M., Patz, R. J., Green, D. R. (2001). The Bookmark procedure: psychological perspectives.
    In Cizek, G. J. (ed.), Setting performance standards. Erlbaum.
    """
    if rule not in RULES:
        raise KinerjaError("panel_unknown_rule", value=str(rule), choices=", ".join(RULES))
    ratings = read_ratings(panel.of(question, round), complete=True)
    wrong = (ratings.values < 1) | (ratings.values > len(pages.items)) | (np.mod(ratings.values, 1) != 0)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise KinerjaError("bookmark_page", judge=ratings.judges[row], value=str(ratings.values[row, column]),
                           pages=len(pages.items))
    page = ratings.values.astype(int) - 1
    places = np.asarray(pages.locations, dtype=float)
    cuts = places[page] if rule == "at" else (places[page] + places[np.maximum(page - 1, 0)]) / 2
    value, error, freedom = over_judges(cuts)
    method = f"Bookmark ({rule})"
    standard = settle(value, errors=error, freedom=freedom, n=[len(cuts)] * cuts.shape[1], plan=plan, method=method,
                      conventions=[Message("convention.bookmark_rp", {"rp": float(pages.rp)}),
                                   Message(f"convention.bookmark_{rule}"), Message("convention.mean_of_judges"),
                                   Message("convention.rounds_used", {"rounds": str(round)})])
    return StandardSetting(standard=standard, silent=ratings.silent,
                           judges=judge_rows(cuts, ratings.judges, plan=plan, method=method, n=1))
