"""Alignment finds the lowest point, leaves invariant groups alone, and says why where it cannot."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.numeric.scale_alignment import (
    GroupLines,
    aligned_lines,
    alignment_slopes,
    find_alignment,
    misfit,
    misfit_slope,
)
from kinerja_lab.psychometrics.alignment import align
from kinerja_lab.psychometrics.alignment_errors import same_in
from kinerja_lab.psychometrics.design_sheets import DesignSheets, plain_sheets
from kinerja_lab.psychometrics.group_lines import GroupParameters, group_parameters

LOADINGS = np.array([0.6, 0.8, 1.0, 0.7])
LEVELS = np.array([3.0, 3.2, 2.9, 3.1])
ITEMS = tuple("abcd")


def rng():
    return np.random.default_rng(7)


def same_everywhere(means, spreads, *, sizes=(300, 200, 400), error=0.0004):
    """Groups whose items are the same: only the factor's mean and spread differ."""
    means, spreads = np.array(means), np.array(spreads)
    groups = len(means)
    return GroupParameters(
        groups=tuple(f"g{place}" for place in range(groups)), items=ITEMS, loadings=spreads[:, None] * LOADINGS,
        levels=LEVELS + means[:, None] * LOADINGS, owner=(0, 1, 2, 3), sizes=np.array(sizes[:groups], dtype=float),
        covariance=np.tile(error * np.eye(8), (groups, 1, 1)))


def lines_of(parameters):
    weights = np.sqrt(np.outer(parameters.sizes, parameters.sizes))
    np.fill_diagonal(weights, 0)
    return GroupLines(slopes=parameters.loadings, locations=parameters.levels, owner=np.array(parameters.owner),
                      weights=weights, epsilon=0.01)


def uneven(groups=3, seed=2):
    """Groups some of whose items differ."""
    noise = np.random.default_rng(seed)
    base = same_everywhere([0.0, 0.4, -0.3][:groups], [1.0, 1.2, 0.9][:groups])
    return replace(base, loadings=base.loadings + 0.1 * noise.normal(size=base.loadings.shape),
                   levels=base.levels + 0.4 * (noise.random(base.levels.shape) < 0.3))


@pytest.mark.parametrize(("groups", "fixed"), [(2, None), (3, 0)])
def test_no_point_of_a_global_search_lies_lower(groups, fixed):
    lines = lines_of(uneven(groups))
    found = find_alignment(lines, fixed=fixed, starts=8, rng=rng())
    free = [place for place in range(groups) if place != fixed]

    def value(point):
        origins = np.zeros(groups)
        origins[free] = point[:len(free)]
        units = np.append(point[len(free):], -point[len(free):].sum())
        return sum(float(part.sum()) for part in misfit(lines, origins, units))
    box = [(-2, 2)] * len(free) + [(-1, 1)] * (groups - 1)
    best = optimize.differential_evolution(value, box, seed=1, tol=1e-8, maxiter=60, popsize=8)
    assert found.value == pytest.approx(best.fun, rel=1e-4)
    assert found.value <= best.fun * (1 + 1e-9)


def test_slope_is_the_slope():
    lines = lines_of(uneven())
    origins, units = np.array([0.1, 0.3, -0.2]), np.array([0.1, -0.05, -0.05])
    to_origin, to_unit = misfit_slope(lines, origins, units)
    for place in range(3):
        for own, slope in ((0, to_origin), (1, to_unit)):
            step = 1e-6 * np.eye(3)[place]
            ends = [sum(part.sum() for part in misfit(lines, origins + sign * step * (own == 0),
                                                      units + sign * step * (own == 1))) for sign in (1, -1)]
            assert (ends[0] - ends[1]) / 2e-6 == pytest.approx(slope[place], rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("fixed", [0, None])
def test_how_the_lowest_point_moves_is_how_a_new_search_moves(fixed):
    lines = lines_of(uneven())
    found = find_alignment(lines, fixed=fixed, starts=4, rng=rng())
    in_slopes, in_locations = alignment_slopes(lines, found, fixed=fixed)
    for name, slope in (("slopes", in_slopes), ("locations", in_locations)):
        ends = []
        for sign in (1, -1):
            moved = getattr(lines, name).copy()
            moved[1, 2] += sign * 1e-4
            again = find_alignment(replace(lines, **{name: moved}), fixed=fixed, starts=1, rng=rng())
            ends.append(np.concatenate([again.origins, again.log_units]))
        np.testing.assert_allclose((ends[0] - ends[1]) / 2e-4, slope[:, 1, 2], atol=2e-5)


def test_invariant_groups_are_left_unchanged():
    """Only mean and spread differ, so they are found exactly and nothing is called different."""
    found = align(same_everywhere([0.0, 0.5, -0.2], [1.0, 1.3, 0.8]), level=0.95, rng=rng(), origin="reference")
    table = found.means.frame.set_index(["group", "label"])
    assert table.loc[("g1", "mean"), "value"] == pytest.approx(0.5, abs=1e-6)
    assert table.loc[("g2", "mean"), "value"] == pytest.approx(-0.2, abs=1e-6)
    assert table.loc[("g1", "variance"), "value"] == pytest.approx(1.69, abs=1e-5)
    assert table.loc[("g0", "mean"), "note"] == "reference_group"
    assert not found.differs["differs"].any()
    assert found.share.row("all").value == 0
    frame = found.lines.frame
    for item, loading in zip(ITEMS, LOADINGS, strict=True):
        own = frame[(frame["kind"] == "loading") & (frame["item"] == item)]["value"]
        # in the geometric mean of the groups' standard deviations
        np.testing.assert_allclose(own, loading * (1.0 * 1.3 * 0.8) ** (1 / 3), atol=1e-6)
    r2 = found.items_table.frame.query("label == 'r2'")["value"]
    np.testing.assert_allclose(r2, 1, atol=1e-6)


def test_one_item_that_works_differently_is_named_and_does_not_move_the_mean():
    odd = same_everywhere([0.0, 0.5, -0.2], [1.0, 1.0, 1.0])
    levels = odd.levels.copy()
    levels[1, 2] += 0.8
    found = align(replace(odd, levels=levels), level=0.95, rng=rng(), origin="reference", factor=25.0)
    named = found.differs[found.differs["differs"]]
    assert named[["kind", "item", "group"]].to_numpy().tolist() == [["level", "c", "g1"]]
    mean = found.means.frame.set_index(["group", "label"])["value"]
    assert mean["g1", "mean"] == pytest.approx(0.5, abs=0.03)
    part = found.items_table.frame.set_index(["kind", "item", "label"])["value"]
    assert part["level", "c", "misfit_share"] > 0.9
    gap = found.points.frame.set_index(["group", "label"])["value"]
    # 0.8 on one of four items, 25 index points a step: 5 points, a third of it in the average of three groups
    assert gap["g1", "difference"] == pytest.approx(5 * 2 / 3, abs=0.4)
    np.testing.assert_allclose(gap.xs("plain", level="label") - gap.xs("aligned", level="label"),
                               gap.xs("difference", level="label"), atol=1e-12)


def test_thresholds_are_levels_with_several_steps():
    groups, cuts = 3, np.array([-1.0, 0.0, 1.2])
    means, spreads = np.array([0.0, 0.5, -0.2]), np.array([1.0, 1.3, 0.8])
    owner = tuple(np.repeat(range(4), 3))
    thresholds = np.tile(cuts, 4) - means[:, None] * LOADINGS[list(owner)]
    found = align(GroupParameters(groups=("a", "b", "c"), items=ITEMS, loadings=spreads[:, None] * LOADINGS,
                                  levels=-thresholds, owner=owner, sizes=np.full(groups, 200.0)),
                  level=0.95, rng=rng(), origin="reference", factor=25.0)
    mean = found.means.frame.query("label == 'mean'").set_index("group")
    np.testing.assert_allclose(mean["value"], means, atol=1e-6)
    assert (mean["note"] == ["reference_group", "alignment_no_errors", "alignment_no_errors"]).all()
    assert isinstance(found.points, NotApplicable) and not len(found.differs)
    assert found.share.row("all").note == "alignment_no_errors"
    assert sorted(set(found.lines.frame["step"])) == [1, 2, 3]


def test_average_origin_gives_every_group_an_interval():
    found = align(uneven(), level=0.9, rng=rng())
    frame = found.means.frame
    assert (frame["note"] == "").all() and (frame["level"] == 0.9).all()
    assert frame[frame["label"] == "mean"]["value"].sum() == pytest.approx(0, abs=1e-9)
    assert frame[frame["label"] == "variance"]["value"].prod() == pytest.approx(1, abs=1e-9)
    assert frame["n"].tolist()[:3] == [300, 200, 400]


def test_free_needs_loadings_that_differ():
    with pytest.raises(NotApplicable, match="alignment_unsettled"):
        align(same_everywhere([0.0, 0.5, -0.2], [1.0, 1.0, 1.0]), level=0.95, rng=rng(), method="free")
    assert align(uneven(), level=0.95, rng=rng(), method="free").means.frame["value"].notna().all()


def test_the_set_that_shares_a_parameter():
    values, covariance = np.array([1.0, 1.01, 0.99, 2.0, 2.01]), 0.001 * np.eye(5)
    assert same_in(values, covariance, np.full(5, 100.0)).tolist() == [True, True, True, False, False]
    assert same_in(np.full(5, 1.0), 0 * covariance, np.full(5, 100.0)).all()


@pytest.mark.parametrize(("change", "code"), [
    ({"level": 0.0}, "bad_level"), ({"method": "loose"}, "unknown_option"), ({"origin": "zero"}, "unknown_option"),
    ({"reference": 9}, "alignment_setting"), ({"starts": 0}, "alignment_setting"),
    ({"epsilon": 0.0}, "alignment_setting")])
def test_misuse_is_refused(change, code):
    with pytest.raises(KinerjaError, match=code):
        align(uneven(), **{"level": 0.95, "rng": rng(), **change})


@pytest.mark.parametrize("change", [
    {"groups": ("g0",)}, {"loadings": np.ones((3, 3))}, {"levels": np.full((3, 4), np.nan)}, {"sizes": np.zeros(3)},
    {"owner": (0, 1, 2, 9)}, {"covariance": np.ones((3, 2, 2))}])
def test_parameters_that_do_not_fit_together_are_refused(change):
    with pytest.raises(KinerjaError, match="alignment_shapes"):
        replace(uneven(), **change)


def sheets_of(values, items=ITEMS, clusters=None):
    distinct, place, counts = np.unique(values, axis=0, return_inverse=True, return_counts=True)
    patterns = ResponsePatterns(items=items, values=distinct.astype(np.int16), counts=counts,
                                weights=counts.astype(float), low=0, high=9)
    if clusters is None:
        return plain_sheets(patterns)
    from scipy import sparse

    totals = sparse.csr_array((np.ones(len(values)), (clusters, place.ravel())),
                              shape=(clusters.max() + 1, len(distinct)))
    return DesignSheets(patterns=patterns, squares=counts.astype(float), totals=totals)


def answers(draws, n=400):
    points = 5 + draws.normal(size=(n, 1)) * 1.2 + draws.normal(size=(n, 4))
    return np.clip(np.rint(points), 0, 9).astype(int)


def test_group_parameters_and_their_errors():
    """The error of a mean is the textbook one; that of a loading agrees with a jackknife."""
    values = answers(np.random.default_rng(4), n=60)
    other = answers(np.random.default_rng(5))
    found, left_out = group_parameters({"a": sheets_of(values), "b": sheets_of(other)})
    assert not left_out and found.groups == ("a", "b") and found.sizes.tolist() == [60, 400]
    np.testing.assert_allclose(found.levels[0], values.mean(axis=0))
    np.testing.assert_allclose(np.diag(found.covariance[0])[4:], values.var(axis=0) / 60, rtol=1e-10)
    left = [group_parameters({"a": sheets_of(np.delete(values, row, axis=0)), "b": sheets_of(other[:50])})[0]
            .loadings[0, 0] for row in range(60)]
    jackknife = 59 / 60 * ((np.array(left) - np.mean(left)) ** 2).sum()
    assert found.covariance[0, 0, 0] == pytest.approx(jackknife, rel=0.15)


def test_units_make_levels_less_sure_and_too_few_units_are_refused():
    draws = np.random.default_rng(6)
    unit = np.repeat(np.arange(20), 20)
    values = np.clip(answers(draws) + np.rint(1.5 * draws.normal(size=20))[unit, None].astype(int), 0, 9)
    plain, _ = group_parameters({"a": sheets_of(values), "b": sheets_of(values)})
    clustered, _ = group_parameters({"a": sheets_of(values, clusters=unit), "b": sheets_of(values, clusters=unit)})
    assert clustered.df == 19 and np.isinf(plain.df)
    assert clustered.covariance[0, 4, 4] > 3 * plain.covariance[0, 4, 4]
    with pytest.raises(NotApplicable, match="too_few_clusters"):
        group_parameters({"a": sheets_of(values, clusters=unit // 4), "b": sheets_of(values, clusters=unit)})


def test_a_group_that_cannot_be_measured_is_left_out_with_its_reason():
    good, copies = answers(np.random.default_rng(8)), answers(np.random.default_rng(9))
    copies[:, 0] = copies[:, 1]
    constant = np.where(np.arange(4) == 2, 5, answers(np.random.default_rng(10)))
    found, left_out = group_parameters({"a": sheets_of(good), "copies": sheets_of(copies), "b": sheets_of(good[:200])})
    assert found.groups == ("a", "b")
    assert left_out["copies"].message.code == "not_applicable.instrument_collinear"
    with pytest.raises(NotApplicable, match="constant_items"):
        sheets_of(constant)
    with pytest.raises(NotApplicable, match="alignment_few_groups"):
        group_parameters({"a": sheets_of(good), "copies": sheets_of(copies)})
    with pytest.raises(KinerjaError, match="groups_differ"):
        group_parameters({"a": sheets_of(good), "b": sheets_of(good, items=tuple("abcx"))})


def test_aligned_lines_put_groups_side_by_side():
    parameters = same_everywhere([0.0, 0.5, -0.2], [1.0, 1.3, 0.8])
    slopes, levels = aligned_lines(lines_of(parameters), np.array([0.0, 0.5, -0.2]), np.log([1.0, 1.3, 0.8]))
    np.testing.assert_allclose(slopes, np.tile(LOADINGS, (3, 1)))
    np.testing.assert_allclose(levels, np.tile(LEVELS, (3, 1)))
