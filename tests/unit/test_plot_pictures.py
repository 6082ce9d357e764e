"""A picture shows exactly the numbers it was given, in the reader's language, and in letters that can be read."""

import dataclasses

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from kinerja_lab.calibration.criterion import CriterionResult
from kinerja_lab.calibration.raters import RaterEffects
from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.indicator import Indicator, Realisation
from kinerja_lab.core.options import IndicatorLevel, Polarity
from kinerja_lab.core.ruleset import Band, Element, Ruleset
from kinerja_lab.drafting.achievement import Achievement
from kinerja_lab.plot.achievement import achievement_bars, achievement_heat
from kinerja_lab.plot.funnel import funnel_plot
from kinerja_lab.plot.outcomes import criterion_scatter, rater_spread
from kinerja_lab.plot.rows import draw_rows, extremes
from kinerja_lab.plot.style import EachTick, ReaderTicks, blank_axes, fit_name, row_axes
from kinerja_lab.plot.survey import element_profile, grade_strip, region_forest, unit_caterpillar
from kinerja_lab.profiling.funnel import Funnel

NAN = float("nan")
SKM = Ruleset(
    code="skm-2017", title="t", source="s", confidence="high", scale_low=1, scale_high=4, index_factor=25,
    elements=(Element(code="persyaratan", name="Persyaratan"), Element(code="waktu", name="Waktu Penyelesaian"),
              Element(code="biaya", name="Biaya/Tarif")),
    bands=(Band(code="D", name="Tidak Baik", lower=25.0), Band(code="C", name="Kurang Baik", lower=65.0),
           Band(code="B", name="Baik", name_en="Good", lower=76.61), Band(code="A", name="Sangat Baik", lower=88.31)),
)


def estimate(label, value, half=1.0, *, unit="index_100", note="", n=100):
    low, high = (NAN, NAN) if note else (value - half, value + half)
    return Estimate(label=label, value=value, low=low, high=high, n=n, method="m", unit=unit, note=note)


def units(values, agencies=("dinkes", "rsud")):
    rows = [estimate("index", value, note="suppressed" if np.isnan(value) else "") for value in values]
    return EstimateTable.from_estimates(rows, groups=("agency", "unit"),
                                        keys=[(agencies[i % len(agencies)], f"u{i}") for i in range(len(values))])


def dots(axes):
    """(x, y) of every dot drawn, top row first."""
    found = [(float(x), float(y)) for line in axes.lines if line.get_marker() not in ("None", "", None)
             for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)]
    return sorted(found, key=lambda dot: dot[1])


def texts(axes):
    axes.figure.draw_without_rendering()
    return [text.get_text() for text in axes.figure.findobj(Text) if text.get_visible() and text.get_text()]


def names(axes):
    return [label.get_text() for label in axes.get_yticklabels()]


def ticks(axes):
    axes.figure.draw_without_rendering()
    return [label.get_text() for label in axes.get_xticklabels()]


def scatter_result(sign=-1):
    rank = estimate("rank", -0.81, 0.1, unit="correlation")
    return CriterionResult(indicator="ikm", criterion="waktu", expected_sign=sign, rank=rank, linear=rank, p=0.001, n=4,
                           clusters=1, method="m")


def points():
    return pd.DataFrame({"unit": list("abcd"), "agency": ["dinkes", "dinkes", "rsud", "rsud"], "region": "r",
                         "indicator": [70.0, 75.0, 80.0, 85.0], "outcome": [40.0, 35.0, 30.0, 20.5]})


def funnel(flags=(), expected=None):
    grid = np.linspace(5, 100, 20)
    limits = pd.DataFrame({"expected": grid, "low_95": 1 - 2 / np.sqrt(grid), "high_95": 1 + 2 / np.sqrt(grid),
                           "low_998": 1 - 3 / np.sqrt(grid), "high_998": 1 + 3 / np.sqrt(grid)})
    rows = [estimate("ratio", value, 0.1, unit="ratio") for value in (0.9, 1.1, 2.5)]
    table = EstimateTable.from_estimates(rows, groups=("agency", "unit"), keys=[("a", "u1"), ("a", "u2"), ("b", "u3")])
    return Funnel(measure="m", polarity=Polarity.MINIMISE, target=1.0, units=table, limits=limits, phi=1.0, tau2=0.0,
                  flags=flags, method="x", expected=np.array([10.0, 40.0, 90.0]) if expected is None else expected)


def raters(count=5):
    table = EstimateTable.from_estimates([estimate(f"r{i}", float(i), unit="scale_points") for i in range(count)])
    return RaterEffects(components=table, shares=table, severity=table, units=table, rank_shift=table.row("r0"),
                        mean=3.0, n=50)


def indicator(code="ind_a", periods=("2023", "2024")):
    return Indicator(code=code, name=f"Nama {code}", question="q", why="w", numerator="n", unit="%",
                     polarity=Polarity.MAXIMISE, level=IndicatorLevel.OUTCOME, source="s", owner="o", checker="c",
                     series=tuple(Realisation(period=p, target=1.0, realisation=1.0) for p in periods))


def achieved(percent, period="2023", raw=None):
    return Achievement(indicator="ind_a", period=period, percent=percent, raw=percent if raw is None else raw,
                       capped=raw is not None, formula="up")


def elements():
    return EstimateTable.from_estimates([estimate("biaya", 4.0, unit="scale_1_4", note="suppressed"),
                                         estimate("waktu", 3.25, 0.1, unit="scale_1_4"),
                                         estimate("persyaratan", 2.9, 0.2, unit="scale_1_4")])


def every_picture(lang):
    """All pictures, drawn."""
    grades = EstimateTable.from_estimates([estimate(c, p, unit="probability", note="suppressed")
                                           for c, p in (("D", 0.0), ("C", 0.2), ("B", 0.755), ("A", 0.045))])
    regions = EstimateTable.from_estimates([estimate("index", 80.0), estimate("index", 82.0)], groups=("region",),
                                           keys=[("Kota A",), ("Kota B",)])
    return {
        "elements": element_profile(elements(), ruleset=SKM, lang=lang, axes=row_axes(3)),
        "grades": grade_strip(grades, ruleset=SKM, lang=lang, axes=blank_axes(height=1.7)),
        "units": unit_caterpillar(units([70.5, 80.0, NAN]), lang=lang, axes=row_axes(3), ruleset=SKM,
                                  overall=estimate("index", 75.0)),
        "regions": region_forest(regions, lang=lang, axes=row_axes(2), overall=estimate("index", 81.0)),
        "funnel": funnel_plot(funnel(flags=(("u3", "high", 4.0),)), lang=lang, axes=blank_axes()),
        "scatter": criterion_scatter(points(), lang=lang, axes=blank_axes(), labels=("x", "y"),
                                     result=scatter_result()),
        "raters": rater_spread(raters(), lang=lang, axes=blank_axes()),
        "bars": achievement_bars([achieved(95.5), NotApplicable("x")], indicator=indicator(), lang=lang,
                                 axes=row_axes(2)),
        "heat": achievement_heat({"ind_a": (achieved(95.5), NotApplicable("x"))}, indicators=[indicator()], scale=SKM,
                                 lang=lang, axes=row_axes(3)),
    }


@pytest.mark.parametrize("lang", ["id", "en"])
def test_letters_are_large_enough_and_numbers_have_the_mark_of_the_language(lang):
    wrong = ".," if lang == "id" else ",."
    for name, axes in every_picture(lang).items():
        axes.figure.draw_without_rendering()
        small = [text.get_text() for text in axes.figure.findobj(Text)
                 if text.get_visible() and text.get_text() and text.get_fontsize() < 9]
        assert small == [], name
        written = [text for text in texts(axes) if any(f"{digit}{wrong[0]}5" in text for digit in "0123456789")]
        assert written == [], name
    assert "83,30" not in texts(every_picture("en")["regions"])


def test_no_picture_touches_the_settings_of_matplotlib():
    before = dict(matplotlib.rcParams)
    every_picture("id")
    assert dict(matplotlib.rcParams) == before


def test_every_picture_returns_the_axes_it_was_given():
    axes = row_axes(3)
    assert element_profile(elements(), ruleset=SKM, lang="id", axes=axes) is axes


class TestElements:
    def test_rows_stand_in_the_order_of_the_rule_with_their_names(self):
        axes = every_picture("id")["elements"]
        assert names(axes) == ["Persyaratan", "Waktu Penyelesaian", "Biaya/Tarif"]
        assert dots(axes) == [(2.9, 0.0), (3.25, 1.0), (4.0, 2.0)]
        assert {"2,90", "3,25", "4,00"} <= set(texts(axes))

    def test_intervals_are_those_of_the_table(self):
        (lines,) = every_picture("id")["elements"].collections[:1]
        ends = [[float(x) for x, _ in segment] for segment in lines.get_segments()]
        assert ends == [pytest.approx([2.7, 3.1]), pytest.approx([3.15, 3.35])]

    def test_without_interval_the_dot_is_hollow_and_the_picture_says_so(self):
        axes = every_picture("id")["elements"]
        hollow = [line for line in axes.lines if line.get_markerfacecolor() == "white"]
        assert [list(line.get_xdata()) for line in hollow] == [[4.0]]
        assert any("lingkaran kosong: tanpa selang" in text for text in texts(axes))

    def test_bands_stand_on_the_answer_scale(self):
        axes = every_picture("id")["elements"]
        edges = sorted(patch.get_x() for patch in axes.patches)[1:]
        assert edges == pytest.approx([65 / 25, 76.61 / 25, 88.31 / 25][-len(edges):])

    def test_the_axis_stays_on_the_scale(self):
        _, right = every_picture("id")["elements"].get_xlim()
        assert 4.0 < right < 4.05

    def test_names_of_the_study_only_where_the_rule_has_none(self):
        table = EstimateTable.from_estimates([estimate("waktu", 3.0, unit="scale_1_4"), estimate("lain", 3.0)])
        axes = element_profile(table, ruleset=SKM, lang="id", axes=row_axes(2),
                               names={"waktu": "x", "lain": "Lain-lain"})
        assert names(axes) == ["Waktu Penyelesaian", "Lain-lain"]


class TestGrades:
    def test_the_length_of_a_piece_is_its_probability(self):
        axes = every_picture("id")["grades"]
        assert [(bar.get_x(), bar.get_width()) for bar in axes.patches] == [
            pytest.approx(pair) for pair in ((0, 0.2), (0.2, 0.755), (0.955, 0.045))]

    def test_wide_pieces_are_named_inside_and_narrow_ones_below(self):
        found = texts(every_picture("id")["grades"])
        assert "C\n20,0%" in found
        assert "D (Tidak Baik): kurang dari 0,1%     A (Sangat Baik): 4,5%" in found

    @pytest.mark.parametrize(("p", "text"), [(0.9999, "lebih dari 99,9%"), (1.0, "lebih dari 99,9%")])
    def test_no_chance_is_written_as_certain(self, p, text):
        table = EstimateTable.from_estimates([estimate(c, x, unit="probability", note="suppressed")
                                              for c, x in (("C", 1 - p), ("B", p))])
        found = texts(grade_strip(table, ruleset=SKM, lang="id", axes=blank_axes(height=1.7)))
        assert f"B (Baik)\n{text}" in found
        assert any("C (Kurang Baik): kurang dari 0,1%" in each for each in found)

    def test_pieces_get_lighter_from_the_lowest_band_up(self):
        shade = [np.dot(bar.get_facecolor()[:3], (0.2126, 0.7152, 0.0722))
                 for bar in every_picture("id")["grades"].patches]
        assert all(later > earlier + 0.1 for earlier, later in zip(shade, shade[1:], strict=False))


class TestUnits:
    def test_units_stand_from_the_highest_and_hidden_ones_are_counted(self):
        axes = unit_caterpillar(units([70.0, NAN, 90.0, 80.0]), lang="id", axes=row_axes(3))
        assert names(axes) == ["u2", "u3", "u0"]
        assert [x for x, _ in dots(axes)] == [90.0, 80.0, 70.0]
        assert any("1 unit tidak ditampilkan" in text for text in texts(axes))
        assert "–" not in texts(axes)

    def test_each_agency_has_its_own_marker_and_name(self):
        axes = unit_caterpillar(units([70.0, 80.0, 90.0]), lang="id", axes=row_axes(3), names={"rsud": "RSUD X"})
        shown = {line.get_label(): line.get_marker() for line in axes.lines if not line.get_label().startswith("_")}
        assert set(shown) == {"dinkes", "RSUD X"}
        assert len(set(shown.values())) == 2

    def test_of_a_long_list_the_extremes_are_drawn_and_the_rest_counted(self):
        axes = unit_caterpillar(units(list(np.arange(30.0, 100.0))), lang="id", axes=row_axes(60))
        drawn = [x for x, _ in dots(axes)]
        assert drawn == [*np.arange(99.0, 69.0, -1), *np.arange(59.0, 29.0, -1)]
        assert "10 unit di tengah tidak digambar" in texts(axes)

    def test_extremes_keep_the_odd_row_at_the_bottom(self):
        rows, left_out = extremes(pd.DataFrame({"x": range(7)}), limit=3)
        assert (list(rows["x"]), left_out) == ([0, 5, 6], 4)

    def test_only_hidden_units_leave_an_empty_picture_that_says_so(self):
        axes = unit_caterpillar(units([NAN, NAN]), lang="id", axes=row_axes(2))
        assert dots(axes) == []
        assert any("2 unit tidak ditampilkan" in text for text in texts(axes))

    def test_a_row_without_value_shows_its_note(self):
        frame = units([NAN, 80.0]).frame
        axes = draw_rows(row_axes(2), frame, names=["a", "b"], lang="id")
        assert "disembunyikan: respondennya terlalu sedikit" in texts(axes)

    def test_the_input_is_untouched(self):
        table = units([70.0, 90.0])
        before = table.to_frame()
        unit_caterpillar(table, lang="id", axes=row_axes(2))
        pd.testing.assert_frame_equal(table.frame, before)


class TestRegions:
    def test_regions_from_the_highest(self):
        axes = every_picture("id")["regions"]
        assert names(axes) == ["Kota B", "Kota A"]
        assert any("81,00" in text for text in texts(axes))


class TestFunnel:
    def test_units_stand_at_their_expected_events(self):
        axes = funnel_plot(funnel(), lang="id", axes=blank_axes())
        assert axes.collections[0].get_offsets().tolist() == [[10.0, 0.9], [40.0, 1.1], [90.0, 2.5]]

    def test_flagged_units_have_their_own_marker_and_a_name(self):
        axes = funnel_plot(funnel(flags=(("u3", "high", 4.0),)), lang="id", axes=blank_axes(), names={"u3": "RSUD X"})
        assert [c.get_offsets().tolist() for c in axes.collections] == [[[10.0, 0.9], [40.0, 1.1]], [[90.0, 2.5]]]
        assert "RSUD X" in texts(axes)

    def test_a_hidden_unit_is_not_named(self):
        axes = funnel_plot(funnel(flags=(("u3", "high", 4.0),)), lang="id", axes=blank_axes(), hidden={"u3"})
        assert "u3" not in texts(axes)

    def test_limits_are_drawn_with_two_line_styles(self):
        axes = funnel_plot(funnel(), lang="id", axes=blank_axes())
        lines = [line for line in axes.lines if len(line.get_xdata()) == 20]
        assert len(lines) == 4
        assert len({line.get_linestyle() for line in lines}) == 2

    def test_without_expected_events_there_is_no_place_to_draw_a_unit(self):
        with pytest.raises(ValueError, match="expected"):
            funnel_plot(funnel(expected=np.zeros(0)), lang="id", axes=blank_axes())

    def test_units_of_very_different_size_stand_on_a_logarithmic_axis(self):
        axes = funnel_plot(funnel(expected=np.array([0.5, 40.0, 90.0])), lang="id", axes=blank_axes())
        assert axes.get_xscale() == "log"
        assert {"1", "10", "100"} <= {text.replace(",0", "") for text in ticks(axes)}


class TestCriterion:
    def test_every_unit_once_and_the_correlation_in_words(self):
        axes = every_picture("id")["scatter"]
        drawn = sorted(tuple(xy) for c in axes.collections for xy in c.get_offsets().tolist())
        assert drawn == sorted(zip(points()["indicator"], points()["outcome"], strict=True))
        assert any("-0,81 (selang 95%: -0,91 sampai -0,71)" in text for text in texts(axes))

    @pytest.mark.parametrize(("sign", "claim"), [(1, "the higher, the higher"), (-1, "the higher, the lower")])
    def test_the_claim_is_stated(self, sign, claim):
        axes = criterion_scatter(points(), lang="en", axes=blank_axes(), labels=("x", "y"), result=scatter_result(sign))
        assert any(claim in text for text in texts(axes))


class TestRaters:
    def test_the_strictest_stands_first(self):
        (line,) = [line for line in every_picture("id")["raters"].lines if len(line.get_xdata()) == 5]
        assert list(line.get_ydata()) == [4.0, 3.0, 2.0, 1.0, 0.0]


class TestAchievement:
    def test_bars_are_the_percentages_and_a_missing_one_says_so(self):
        axes = every_picture("id")["bars"]
        assert [bar.get_width() for bar in axes.patches] == [95.5]
        assert {"95,5%", "tidak dapat dihitung"} <= set(texts(axes))
        assert names(axes) == ["2023", "2024"]

    def test_a_capped_bar_tells_what_was_computed(self):
        axes = achievement_bars([achieved(120.0, raw=143.0)], indicator=indicator(periods=("2023",)), lang="id",
                                axes=row_axes(1))
        assert "120,0% (dibatasi; hasil hitung 143,0%)" in texts(axes)

    def test_a_negative_achievement_stays_in_sight(self):
        axes = achievement_bars([achieved(-40.0)], indicator=indicator(periods=("2023",)), lang="id", axes=row_axes(1))
        assert axes.get_xlim()[0] < -40

    def test_cells_stand_at_their_period_also_when_series_differ(self):
        rows = [indicator("ind_a"), indicator("ind_b", periods=("2024",))]
        given = {"ind_a": (achieved(95.5), achieved(80.0, "2024")), "ind_b": (achieved(60.0, "2024"),)}
        axes = achievement_heat(given, indicators=rows, scale=SKM, lang="id", axes=row_axes(4))
        cells = {text.get_text(): text.get_position() for text in axes.texts}
        assert cells == {"95,5": (0, 0), "80,0": (1, 0), "60,0": (1, 1)}

    def test_below_the_lowest_band_is_as_dark_as_the_lowest(self):
        given = {"ind_a": (achieved(5.0), achieved(30.0, "2024"))}
        axes = achievement_heat(given, indicators=[indicator()], scale=SKM, lang="id", axes=row_axes(3))
        assert axes.patches[0].get_facecolor() == axes.patches[1].get_facecolor()


class TestStyle:
    @pytest.mark.parametrize(("values", "lang", "labels"), [
        ([3.0, 3.5], "id", ["3,0", "3,5"]), ([80.0, 85.0], "id", ["80", "85"]), ([1000.0], "en", ["1,000"]),
        ([0.25, 0.5], "en", ["0.25", "0.50"]),
    ])
    def test_ticks_have_the_fewest_decimals_that_tell_them_apart(self, values, lang, labels):
        assert ReaderTicks(lang).format_ticks(values) == labels

    def test_shares_as_percentages(self):
        assert ReaderTicks("id", percent=True).format_ticks([0.125, 0.25]) == ["12,5%", "25,0%"]

    def test_logarithmic_ticks_each_for_itself(self):
        assert EachTick("id").format_ticks([0.5, 1.0, 100.0]) == ["0,5", "1", "100"]

    def test_long_names_keep_both_ends(self):
        name = "Puskesmas Perawatan Kecamatan Sikumana Barat Daya Kupang 17"
        assert fit_name(name, rows=5).replace("\n", " ") == name
        short = fit_name(name, rows=60)
        assert len(short) <= 31
        assert short.startswith("Puskesmas")
        assert short.endswith("Kupang 17")
        assert fit_name("x" * 200, rows=5).count("\n") <= 1

    def test_the_figure_grows_with_its_rows(self):
        heights = [row_axes(rows).figure.get_figheight() for rows in (0, 1, 20, 60)]
        assert heights == sorted(heights)
        assert row_axes(60).figure.get_figheight() > 12


def test_a_rule_without_bands_shades_nothing():
    banded = element_profile(elements(), ruleset=SKM, lang="id", axes=blank_axes())
    bare = element_profile(elements(), ruleset=dataclasses.replace(SKM, bands=()), lang="id", axes=blank_axes())
    assert len(bare.patches) < len(banded.patches)
    assert len(bare.get_yticklabels()) == len(elements())
