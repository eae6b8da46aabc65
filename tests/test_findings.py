"""The one rule that chooses a verdict, Holm's adjustment, and the numbers an estimate answers for
itself.
"""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from oxcare_analysis.thinking.findings import VERDICTS, Estimate, Support, Variant, decide, holm

finite = st.floats(allow_nan=False, allow_infinity=False)
spread = st.floats(min_value=0, allow_nan=False, allow_infinity=False)
chance = st.floats(min_value=0, max_value=1)
margin = st.floats(min_value=0, exclude_min=True, allow_nan=False, allow_infinity=False)
directions = st.sampled_from((1, -1))
rival_sets = st.sampled_from(((), ("awareness",), ("awareness", "recording")))
ceilings = st.sampled_from(("supported", "inconclusive"))


def verdict(**changes):
    """A measure predicted to rise that rose by 30 per cent in logs, plainly beyond its noise; then
    the changes.
    """
    given_numbers = {
        "testable": True,
        "estimate": 0.3,
        "se": 0.05,
        "p_adjusted": 0.001,
        "direction": 1,
        "margin": 0.2,
    }
    return decide(**{**given_numbers, **changes})


def test_the_five_words_are_those_of_the_contract():
    assert VERDICTS == ("supported", "contradicted", "negligible", "inconclusive", "not_testable")


@pytest.mark.parametrize(
    ("estimate", "se", "p_adjusted", "expected"),
    [
        (0.30, 0.05, 0.001, "supported"),
        (-0.30, 0.05, 0.001, "contradicted"),
        (0.30, 0.05, 0.0499999, "supported"),
        (0.30, 0.05, 0.05, "inconclusive"),  # not under .05, and wide of the margin
        (-0.30, 0.05, 0.05, "inconclusive"),
        (-0.30, 0.05, 0.0499999, "contradicted"),
        (0.00, 0.10, 1.00, "negligible"),  # 1.645 x .10 = .1645, inside .20
        (0.03, 0.10, 0.80, "negligible"),  # .03 + .1645 = .1945, inside
        (0.04, 0.10, 0.70, "inconclusive"),  # .04 + .1645 = .2045, outside
        (-0.03, 0.10, 0.80, "negligible"),
        (-0.04, 0.10, 0.70, "inconclusive"),
        (0.00, 0.121, 1.00, "negligible"),  # 1.644854 x .121 = .19903
        (0.00, 0.122, 1.00, "inconclusive"),  # 1.644854 x .122 = .20067
        (0.20, 0.00, 0.90, "inconclusive"),  # the interval must lie inside the margin, not touch it
        (0.1999, 0.00, 0.90, "negligible"),
    ],
)
def test_each_verdict_begins_and_ends_where_the_rule_says(estimate, se, p_adjusted, expected):
    assert verdict(estimate=estimate, se=se, p_adjusted=p_adjusted) == expected


def test_a_small_move_beyond_noise_is_not_called_negligible():
    assert verdict(estimate=0.05, se=0.01, p_adjusted=0.00001) == "supported"
    assert verdict(estimate=-0.05, se=0.01, p_adjusted=0.00001) == "contradicted"


def test_no_change_at_all_is_never_supported():
    assert verdict(estimate=0.0, p_adjusted=0.001, margin=0.01) == "inconclusive"


def test_a_predicted_fall_is_supported_by_a_fall():
    assert verdict(estimate=-0.3, direction=-1) == "supported"
    assert verdict(estimate=0.3, direction=-1) == "contradicted"


def test_a_rival_or_a_ceiling_turns_supported_into_inconclusive_and_leaves_the_rest():
    assert verdict(rivals=("awareness",)) == "inconclusive"
    assert verdict(ceiling="inconclusive") == "inconclusive"
    assert verdict(estimate=-0.3, rivals=("awareness",)) == "contradicted"
    assert verdict(estimate=-0.3, ceiling="inconclusive") == "contradicted"
    assert (
        verdict(estimate=0.0, p_adjusted=1.0, rivals=("awareness",), ceiling="inconclusive")
        == "negligible"
    )


def test_what_cannot_be_tested_needs_no_numbers():
    nothing = float("nan")
    assert (
        decide(
            testable=False,
            estimate=nothing,
            se=nothing,
            p_adjusted=nothing,
            direction=1,
            margin=nothing,
            rivals=("x",),
        )
        == "not_testable"
    )


@pytest.mark.parametrize("broken", ["estimate", "se", "p_adjusted", "margin"])
@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_testable_hypothesis_without_a_number_is_an_error_and_never_a_verdict(broken, number):
    with pytest.raises(ValueError, match="needs numbers"):
        verdict(**{broken: number})


@pytest.mark.parametrize("direction", [0, 2, -2, 0.5, float("nan"), None, "+"])
def test_a_direction_that_is_not_one_or_minus_one_is_an_error(direction):
    with pytest.raises(ValueError, match="direction must be 1 or -1"):
        verdict(direction=direction)


@pytest.mark.parametrize("wrong", [0, -0.2])
def test_a_margin_that_is_not_positive_is_an_error(wrong):
    with pytest.raises(ValueError, match="needs numbers"):
        verdict(margin=wrong)


def test_a_negative_standard_error_is_an_error():
    with pytest.raises(ValueError, match="needs numbers"):
        verdict(se=-0.01)


@given(finite, spread, chance, directions, margin, rival_sets, ceilings)
def test_any_numbers_give_one_of_the_five_words(
    estimate, se, p_adjusted, direction, margin, rivals, ceiling
):
    word = decide(
        testable=True,
        estimate=estimate,
        se=se,
        p_adjusted=p_adjusted,
        direction=direction,
        margin=margin,
        rivals=rivals,
        ceiling=ceiling,
    )
    assert word in VERDICTS
    assert word != "not_testable"
    if p_adjusted >= 0.05:
        assert word in ("negligible", "inconclusive")
    if rivals or ceiling == "inconclusive":
        assert word != "supported"


@given(finite, spread, chance, directions, margin, rival_sets, ceilings)
def test_a_word_for_a_real_move_is_the_opposite_word_for_the_opposite_prediction(
    estimate, se, p_adjusted, direction, margin, rivals, ceiling
):
    assume(estimate != 0)
    numbers = {
        "testable": True,
        "estimate": estimate,
        "se": se,
        "p_adjusted": p_adjusted,
        "margin": margin,
    }
    swapped = {"supported": "contradicted", "contradicted": "supported"}
    one, other = (decide(**numbers, direction=d) for d in (direction, -direction))
    assert other == swapped.get(one, one)
    hedged = decide(**numbers, direction=direction, rivals=rivals, ceiling=ceiling)
    assert hedged == (
        one if one != "supported" or not (rivals or ceiling == "inconclusive") else "inconclusive"
    )


@given(finite, spread, st.floats(min_value=0.05, max_value=1), directions, margin)
def test_only_a_change_inside_the_margin_is_negligible(estimate, se, p_adjusted, direction, margin):
    word = decide(
        testable=True,
        estimate=estimate,
        se=se,
        p_adjusted=p_adjusted,
        direction=direction,
        margin=margin,
    )
    assert word == "inconclusive" or abs(estimate) < margin


def test_holm_adjusts_the_worked_example_of_four_tests():
    # The example of the Wikipedia article on the Holm-Bonferroni method: at 5 per cent only H1 and
    # H4 are rejected.
    adjusted = holm({"H1": 0.01, "H2": 0.04, "H3": 0.03, "H4": 0.005})
    assert adjusted == pytest.approx({"H1": 0.03, "H2": 0.06, "H3": 0.06, "H4": 0.02})
    assert list(adjusted) == ["H1", "H2", "H3", "H4"]
    assert {name for name, p in adjusted.items() if p < 0.05} == {"H1", "H4"}


@pytest.mark.parametrize(
    "values",
    [
        [0.01, 0.04, 0.03, 0.005],
        [0.02, 0.02, 0.02],
        [0.9, 0.6, 0.0004, 0.4],
        [0.0, 1.0, 0.05, 0.049, 0.051, 0.0125],
        [0.03],
    ],
)
def test_holm_gives_what_statsmodels_gives(values):
    ours = holm({str(i): p for i, p in enumerate(values)})
    assert list(ours.values()) == pytest.approx(
        list(multipletests(values, method="holm")[1]), abs=1e-12
    )


@given(st.lists(chance, min_size=1, max_size=8))
def test_holm_never_makes_a_p_value_smaller_or_reorders_the_tests(values):
    ours = list(holm({str(i): p for i, p in enumerate(values)}).values())
    assert all(p <= q <= 1 for p, q in zip(values, ours, strict=True))
    for p, q in zip(values, ours, strict=True):
        assert all(
            q <= other_q for other_p, other_q in zip(values, ours, strict=True) if other_p > p
        )


def test_holm_leaves_out_a_test_that_could_not_be_made():
    adjusted = holm({"entry": 0.02, "exit": float("nan"), "awareness": 0.01})
    assert adjusted["entry"] == pytest.approx(0.02)  # two tests, not three
    assert adjusted["awareness"] == pytest.approx(0.02)
    assert math.isnan(adjusted["exit"])
    assert holm({}) == {}
    assert math.isnan(holm({"alone": float("nan")})["alone"])


@pytest.mark.parametrize(
    ("change", "se"), [(0.15, 0.0625), (-0.27, 0.072), (0.04, 0.08), (1.2, 0.3)]
)
def test_an_estimate_has_the_z_p_and_interval_of_the_normal_distribution(change, se):
    e = Estimate("exit_rate", "plans ended per 100 open", estimate=change, se=se)
    low, high = stats.norm.interval(0.95, loc=change, scale=se)
    assert e.known
    assert e.z == pytest.approx(change / se)
    assert e.p_value == pytest.approx(2 * stats.norm.sf(abs(change) / se), rel=1e-9)
    assert (e.low, e.high) == pytest.approx((low, high), abs=1e-6)
    assert e.moved == (0 if low < 0 < high else math.copysign(1, change))


def test_the_detectable_change_is_found_four_times_in_five():
    e = Estimate("exit_rate", "", estimate=0.0, se=0.1)
    threshold = stats.norm.ppf(0.975) * 0.1
    assert stats.norm.sf(threshold, loc=e.detectable, scale=0.1) == pytest.approx(0.80, abs=1e-5)


def test_an_estimate_without_a_number_has_no_z_no_p_no_interval_and_did_not_move():
    e = Estimate("exit_rate", "", missing="no figure for 2013 (suppressed)")
    assert not e.known
    assert all(
        math.isnan(x) for x in (e.estimate, e.se, e.z, e.p_value, e.low, e.high, e.detectable)
    )
    assert e.moved == 0


def test_no_change_at_all_did_not_move():
    e = Estimate("exit_rate", "", estimate=0.0, se=0.1)
    assert (e.z, e.p_value, e.moved) == (0, 1, 0)


@pytest.mark.parametrize(
    ("estimate", "predicted", "agrees"),
    [
        (0.3, "+", True),
        (0.3, "-", False),
        (0.3, "0", False),
        (-0.3, "-", True),
        (-0.3, "+", False),
        (0.1, "+", None),  # within its noise: it cannot tell
        (0.1, "-", None),
        (0.1, "0", True),
        (0.3, "0+", True),  # flat or up: only a fall is against it
        (0.1, "0+", True),
        (-0.3, "0+", False),
        (-0.3, "0-", True),
        (-0.1, "0-", True),
        (0.3, "0-", False),
        (float("nan"), "0-", None),
        (float("nan"), "+", None),
        (float("nan"), "0", None),
    ],
)
def test_a_supporting_measure_agrees_only_where_it_can_tell(estimate, predicted, agrees):
    assert Support(Estimate("exit_rate", "", estimate=estimate, se=0.1), predicted).agrees is agrees


@pytest.mark.parametrize(
    ("changes", "counts", "reading"),
    [
        ((0.3, 0.3), (2, 0, 0), "fits"),
        ((0.3, 0.0), (1, 0, 1), "cannot tell"),
        ((0.3, -0.3), (1, 1, 0), "does not fit"),
        (
            (-0.3, 0.0),
            (0, 1, 1),
            "does not fit",
        ),  # one sign against it is enough, whatever cannot be told
    ],
)
def test_a_variant_is_read_as_a_whole_from_its_signs(changes, counts, reading):
    v = Variant(
        "more found", tuple(Support(Estimate("m", "", estimate=c, se=0.1), "+") for c in changes)
    )
    assert (len(v.agreeing), len(v.against), len(v.unknown)) == counts
    assert v.reading == reading
