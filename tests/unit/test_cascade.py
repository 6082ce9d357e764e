"""Is a cascade refused when it is no cascade, and are its weak places found?"""

import pytest

from kinerja_lab.core.errors import InputFaults
from kinerja_lab.core.options import IndicatorLevel
from kinerja_lab.drafting.cascade import (
    CascadeIndicator,
    CascadeKind,
    CascadeNode,
    build_cascade,
    cascade_findings,
    outline,
)
from kinerja_lab.io.cascade_files import load_cascade_rules, read_cascade
from kinerja_lab.plot.cascade import cascade_axes, cascade_tree
from kinerja_lab.text.catalogue import LANGUAGES, catalogue

RULES = load_cascade_rules()


def measure(name, level="outcome"):
    return CascadeIndicator(code=name.replace(" ", "_"), name=name, level=IndicatorLevel(level))


def node(code, level, *parents, measures=(), **more):
    return CascadeNode(code=code, level=level, name=f"Nama {code}", parents=parents, indicators=tuple(measures), **more)


def good():
    return [
        node("T", "tujuan", measures=[measure("harapan hidup", "impact")], agency="Bupati"),
        node("S", "sasaran", "T", measures=[measure("kematian ibu")], agency="Dinkes"),
        node("P", "program", "S", measures=[measure("cakupan persalinan")], agency="Dinkes"),
        node("K", "kegiatan", "P", measures=[measure("ibu dilayani", "output")], agency="Dinkes"),
        node("E", "skp", "K", agency="Dinkes"),
    ]


def found(nodes):
    return [(item.kind, item.codes) for item in cascade_findings(build_cascade(nodes, rules=RULES))]


def faults(nodes):
    with pytest.raises(InputFaults) as caught:
        build_cascade(nodes, rules=RULES)
    for lang in LANGUAGES:
        assert all("{" not in line for line in catalogue(lang).error(caught.value))
    return [fault.message.code.split(".")[1] for fault in caught.value.faults]


def test_a_good_cascade_has_no_findings():
    assert found(good()) == []


def test_an_orphan_is_found_but_a_goal_may_stand_alone():
    assert found([*good(), node("X", "kegiatan")]) == [(CascadeKind.ORPHAN, ("X",))]


def test_an_employee_plan_may_hang_under_any_work():
    assert found([*good(), node("E2", "skp", "S"), node("E3", "skp", "E2")]) == []


def test_a_branch_without_a_result_is_found_at_its_top_only():
    nodes = [
        *good(),
        node("S2", "sasaran", "T", measures=[measure("rapat", "process")]),
        node("P2", "program", "S2", measures=[measure("dokumen", "output")]),
    ]
    assert found(nodes) == [(CascadeKind.OUTPUT_ONLY, ("S2",))]


def test_a_result_deeper_in_the_branch_saves_it():
    nodes = [
        *good(),
        node("S2", "sasaran", "T", measures=[measure("dokumen", "output")]),
        node("P2", "program", "S2", measures=[measure("kelulusan")]),
    ]
    assert found(nodes) == []


def test_a_branch_without_any_indicator_is_not_called_output_only():
    assert found([*good(), node("S2", "sasaran", "T"), node("P2", "program", "S2")]) == []


def test_one_indicator_in_two_places_is_found_by_its_name():
    nodes = [*good(), node("S2", "sasaran", "T", measures=[measure("Kematian  Ibu")])]
    assert found(nodes) == [(CascadeKind.TWO_PLACES, ("S", "S2"))]


@pytest.mark.parametrize(("partners", "alone"), [((), True), (("S",), True), (("tidak_ada",), True), (("T",), False)])
def test_crosscutting_needs_a_partner_of_another_agency(partners, alone):
    nodes = [
        *good(),
        node(
            "P2", "program", "S", agency="Dinkes", crosscutting=True, partners=partners, measures=[measure("imunisasi")]
        ),
    ]
    assert ((CascadeKind.NO_PARTNER, ("P2",)) in found(nodes)) is alone


def test_duplicate_codes_unknown_levels_and_parents_are_faults_together():
    nodes = [node("T", "tujuan"), node("T", "tujuan"), node("S", "sasarn", "TT")]
    assert sorted(faults(nodes)) == ["cascade_duplicate", "cascade_level", "cascade_parent"]


def test_a_parent_of_a_level_that_may_not_hold_it_is_a_fault():
    assert faults([node("K", "kegiatan"), node("S", "sasaran", "K")]) == ["cascade_parent_level"]


def test_cycles_are_faults_and_named_once():
    nodes = [node("A", "skp", "C"), node("B", "skp", "A"), node("C", "skp", "B"), node("D", "skp", "D")]
    assert faults(nodes) == ["cascade_cycle", "cascade_cycle"]
    with pytest.raises(InputFaults) as caught:
        build_cascade(nodes, rules=RULES)
    assert caught.value.faults[1].message.params["path"] == "D → D"


def test_two_ways_to_the_same_node_are_no_cycle():
    nodes = [node("A", "skp"), node("B", "skp", "A"), node("C", "skp", "A"), node("D", "skp", "B", "C")]
    assert [kind for kind, _ in found(nodes)] == [CascadeKind.ORPHAN]


def test_a_chain_of_thousands_is_no_danger():
    nodes = [node("N0", "skp"), *(node(f"N{i}", "skp", f"N{i - 1}") for i in range(1, 3000))]
    cascade = build_cascade(nodes[::-1], rules=RULES)
    assert [depth for depth, _ in outline(cascade)] == list(range(3000))


def test_the_outline_holds_every_node_once_under_its_first_parent():
    cascade = build_cascade([*good(), node("P2", "program", "S", "T")], rules=RULES)
    assert [(depth, item.code) for depth, item in outline(cascade)] == [
        (0, "T"),
        (1, "S"),
        (2, "P"),
        (3, "K"),
        (4, "E"),
        (2, "P2"),
    ]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_picture_names_every_node_and_every_finding(lang):
    nodes = [
        *good(),
        node("X", "kegiatan"),
        node("P2", "program", "S", "T", crosscutting=True, measures=[measure("rapat", "process")]),
    ]
    cascade = build_cascade(nodes, rules=RULES)
    findings = cascade_findings(cascade)
    axes = cascade_tree(cascade, findings=findings, lang=lang, axes=cascade_axes(cascade, findings=findings, lang=lang))
    shown = " ".join(text.get_text() for text in axes.texts)
    words = catalogue(lang)
    assert all(item.name in shown and item.code in shown for item in nodes)
    assert all(words.text(f"plot.cascade.{item.kind.value}") in shown for item in findings)
    assert words.text("plot.cascade.also", parents="T") in shown
    for item in findings:
        assert "{" not in words.sentence(item.message) + words.sentence(item.advice)


def test_a_file_is_read_and_its_faults_are_named(tmp_path):
    file = tmp_path / "pohon.yml"
    file.write_text(
        "nodes:\n- {code: T, level: tujuan, name: Sehat}\n- {code: S, level: sasaran, name: Ibu, parents: [T],"
        " indicators: [{code: aki, name: Angka kematian ibu, level: outcome}]}\n",
        encoding="utf-8",
    )
    assert [item.code for item in read_cascade(file).nodes] == ["T", "S"]
    file.write_text("nodes:\n- {code: T, level: tujuan, nama: Sehat}\n", encoding="utf-8")
    with pytest.raises(InputFaults) as caught:
        read_cascade(file)
    assert {fault.message.code for fault in caught.value.faults} == {"fault.unknown_key", "fault.missing_key"}
