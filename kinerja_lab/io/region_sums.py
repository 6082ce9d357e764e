"""What do all regions and periods say, when only sums leave the database, with a column of clusters or without?"""

from collections.abc import Mapping, Sequence

import numpy as np

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.instrument import Instrument
from kinerja_lab.core.ruleset import Ruleset
from kinerja_lab.estimation.cluster_totals import ClusterTotals
from kinerja_lab.estimation.design import element_order
from kinerja_lab.estimation.region_estimates import BETWEEN, RowSums
from kinerja_lab.io.cluster_totals import answer_of, cluster_totals
from kinerja_lab.io.relations import fetch

__all__ = ["region_sums", "row_sums"]


def region_sums(
    table, *, instrument: Instrument, ruleset: Ruleset, periods: Sequence[str] = (),
) -> ClusterTotals | RowSums:
    """Sums of every region in every period, as its design needs them.

    Parameters
    ----------
    table : ibis.expr.types.Table
        One row a respondent, columns named as in ``SurveyData``; ``weight``, ``stratum`` and ``cluster`` where the
        design has them.
    instrument : Instrument
        The questionnaire.
    ruleset : Ruleset
        The rule whose elements are wanted.
    periods : sequence of str
        Years; none means that time plays no part.

    Returns
    -------
    ClusterTotals or RowSums
        Domains are period and region with ``BETWEEN`` between them.

    Raises
    ------
    KinerjaError
        ``elements_differ``, ``scale_differs`` or ``bad_weights``.
    NotApplicable
        ``empty_sample``.
    """
    import ibis

    items = element_order(instrument, ruleset=ruleset)
    turned = {item.code: float(instrument.low + instrument.high) for item in instrument.items if item.reverse}
    period = ibis.literal("")
    if periods:
        period = table["period"].substr(0, 4)
        lengths = table["period"].length()
        table = table.filter(period.isin(list(periods)) & lengths.isin([4, 7]))
    table = table.mutate(_domain_name=period + BETWEEN + table["region"])
    parts = {name: name if name in table.columns else "" for name in ("weight", "stratum")}
    if "cluster" in table.columns:
        return cluster_totals(table, domain="_domain_name", items=items, cluster="cluster", turned=turned, **parts)
    return row_sums(table, domain="_domain_name", items=items, turned=turned, **parts)


def row_sums(
    table, *, domain: str, items: Sequence[str], weight: str = "", stratum: str = "",
    turned: Mapping[str, float] | None = None,
) -> RowSums:
    """Sums by domain and stratum of respondents that were drawn one by one, and of their scores.

    Parameters
    ----------
    table : ibis.expr.types.Table
        One row a respondent.
    domain : str
        Column of the domain.
    items : sequence of str
        Numeric columns; NULL for no answer.
    weight, stratum : str
        Columns of positive weights and of strata; empty means ones, and one stratum.
    turned : mapping of str to float or None
        As for ``cluster_totals``.

    Returns
    -------
    RowSums
        Sorted by domain and stratum.

    Raises
    ------
    KinerjaError
        ``missing_columns`` or ``bad_weights``.
    NotApplicable
        ``empty_sample``.

    Notes
    -----
    Two scans in one question: the means of each domain, then w (y - mean) / sum of w of each respondent, its sum and
    its square. One row a stratum of a domain leaves the database.
    """
    missing = [name for name in (domain, *items, weight, stratum) if name and name not in table.columns]
    if missing:
        raise KinerjaError("missing_columns", columns=", ".join(missing))
    sums = fetch(_sums(table, domain, tuple(items), weight, stratum, dict(turned or {})))
    if sums.empty:
        raise NotApplicable("empty_sample")
    bad = int(sums["_bad"].sum())
    if bad:
        raise KinerjaError("bad_weights", n=bad)
    k = len(items)
    parts = {kind: sums[[f"_{kind}{place}" for place in range(k + (kind in "st"))]].to_numpy(dtype=float, na_value=0.0)
             for kind in ("w", "y", "n", "s", "t")}
    return RowSums(
        domains=sums["_domain"].to_numpy(), strata=sums["_stratum"].to_numpy(), items=tuple(items), weight=parts["w"],
        product=parts["y"], answers=parts["n"].astype(np.int64), respondents=sums["_some"].to_numpy(dtype=np.int64),
        total=parts["s"], square=parts["t"])


def _sums(table, domain, items, weight, stratum, turned):
    import ibis

    heavy = table[weight].cast("float64") if weight else ibis.literal(1.0)
    places = range(len(items))
    rows = table.select(
        _domain=table[domain], _stratum=table[stratum] if stratum else ibis.literal(0), _weight=heavy,
        **{f"_{place}": answer_of(table, item, turned) for place, item in enumerate(items)})
    whole = rows.group_by("_domain").agg(
        **{f"_under{place}": _held(rows, place).sum() for place in places},
        **{f"_over{place}": (rows["_weight"] * rows[f"_{place}"]).sum() for place in places})
    both = rows.left_join(whole, "_domain")
    both = both.select("_domain", "_stratum", "_weight", *(f"_{place}" for place in places), **{
        f"_z{place}": ibis.coalesce(_score(both, place), 0.0) for place in places})
    added = both["_z0"]
    for place in places[1:]:
        added = added + both[f"_z{place}"]
    both = both.mutate(**{f"_z{len(items)}": added / len(items)})
    answered = ibis.or_(*(both[f"_{place}"].notnull() for place in places))
    weightless = both["_weight"].isnull() | ~(both["_weight"] > 0) | both["_weight"].isinf()
    sums = {"_some": answered.cast("int64").sum(), "_bad": weightless.cast("int64").sum()}
    for place in places:
        sums |= {f"_w{place}": _held(both, place).sum(), f"_y{place}": (both["_weight"] * both[f"_{place}"]).sum(),
                 f"_n{place}": both[f"_{place}"].count()}
    for place in range(len(items) + 1):
        score = both[f"_z{place}"]
        sums |= {f"_s{place}": score.sum(), f"_t{place}": (score * score).sum()}
    return both.group_by(["_domain", "_stratum"]).agg(**sums).order_by(["_domain", "_stratum"])


def _score(both, place: int):
    """w (y - mean) / sum of w in the domain; NULL for no answer."""
    under = both[f"_under{place}"]
    return both["_weight"] * (both[f"_{place}"] - both[f"_over{place}"] / under) / under


def _held(rows, place: int):
    """The weight of those who answered."""
    import ibis

    return ibis.ifelse(rows[f"_{place}"].notnull(), rows["_weight"], 0.0)
