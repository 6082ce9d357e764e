"""What do all regions say, when the rows stay in the database and only sums by cluster leave it?"""

from collections.abc import Mapping, Sequence

import numpy as np

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.estimation.cluster_totals import ClusterTotals
from kinerja_lab.io.relations import fetch

__all__ = ["answer_of", "cluster_totals"]


def cluster_totals(
    table, *, domain: str, items: Sequence[str], cluster: str, weight: str = "", stratum: str = "",
    turned: Mapping[str, float] | None = None,
) -> ClusterTotals:
    """Sums by domain, stratum and cluster, made by the database in one pass.

    Parameters
    ----------
    table : ibis.expr.types.Table
        One row a respondent, e.g. from ``relations.open_table``; DuckDB, PostgreSQL or what else ibis speaks to.
    domain : str
        Column of the region.
    items : sequence of str
        Numeric columns; NULL for no answer.
    cluster : str
        Column of the cluster (the primary sampling unit).
    weight : str
        Column of positive weights; empty means ones.
    stratum : str
        Column of the stratum; empty means one.
    turned : mapping of str to float or None
        Items whose scale runs backwards, with the sum of the ends of the scale: the answer becomes sum minus answer.

    Returns
    -------
    ClusterTotals
        Sorted by domain, stratum and cluster.

    Raises
    ------
    KinerjaError
        ``missing_columns``, or ``bad_weights`` when a weight is not positive.
    NotApplicable
        ``empty_sample`` for an empty table.

    Notes
    -----
    What leaves the database has one row a cluster of a domain, however many respondents there are: memory is bounded by
    the design. Sums are in double precision.
    """
    wanted = [name for name in (domain, *items, cluster, weight, stratum) if name]
    missing = [name for name in wanted if name not in table.columns]
    if missing:
        raise KinerjaError("missing_columns", columns=", ".join(missing))
    sums = fetch(_sums(table, domain, tuple(items), cluster, weight, stratum, dict(turned or {})))
    if sums.empty:
        raise NotApplicable("empty_sample")
    bad = int(sums["_bad"].sum())
    if bad:
        raise KinerjaError("bad_weights", n=bad)
    parts = {kind: sums[[f"_{kind}{place}" for place in range(len(items))]].to_numpy(dtype=float, na_value=0.0)
             for kind in ("w", "y", "n")}
    return ClusterTotals(
        domains=sums["_domain"].to_numpy(), strata=sums["_stratum"].to_numpy(), clusters=sums["_cluster"].to_numpy(),
        items=tuple(items), weight=parts["w"], product=parts["y"], answers=parts["n"].astype(np.int64),
        respondents=sums["_some"].to_numpy(dtype=np.int64),
    )


def _sums(table, domain, items, cluster, weight, stratum, turned):
    import ibis

    heavy = table[weight].cast("float64") if weight else ibis.literal(1.0)
    keys = {"_domain": table[domain], "_stratum": table[stratum] if stratum else ibis.literal(0),
            "_cluster": table[cluster]}
    rows = table.select(**keys, _weight=heavy, **{f"_{place}": answer_of(table, item, turned)
                                                  for place, item in enumerate(items)})
    answered = ibis.or_(*(rows[f"_{place}"].notnull() for place in range(len(items))))
    sums = {"_some": answered.cast("int64").sum(),
            "_bad": (rows["_weight"].isnull() | ~(rows["_weight"] > 0) | rows["_weight"].isinf()).cast("int64").sum()}
    for place in range(len(items)):
        answer = rows[f"_{place}"]
        sums |= {f"_w{place}": ibis.ifelse(answer.notnull(), rows["_weight"], 0.0).sum(),
                 f"_y{place}": (rows["_weight"] * answer).sum(), f"_n{place}": answer.count()}
    return rows.group_by(["_domain", "_stratum", "_cluster"]).agg(**sums).order_by(["_domain", "_stratum", "_cluster"])


def answer_of(table, item: str, turned: dict[str, float]):
    """An answer as a number, turned where its scale runs backwards; NULL for none."""
    answer = table[item].cast("float64")
    answer = answer.nullif(float("nan"))
    return turned[item] - answer if item in turned else answer
