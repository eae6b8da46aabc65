"""The rivals test: likelihoods against scipy's, what is left out, and who is named."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from oxcare_analysis.thinking import rivals
from oxcare_analysis.thinking.findings import Estimate
from oxcare_analysis.thinking.rivals import Mechanism

A, B, C = rivals.INDICATORS[:3]
OWN = Mechanism("mine", "own", {A: 0.4, B: -0.2}, {"primary": 0.4})
OTHER = Mechanism("theirs", "other", {C: 0.3}, {"primary": 0.2})
BACKWARDS = Mechanism("theirs", "backwards", {A: 0.4}, {"primary": -0.4})
ELSEWHERE = Mechanism("theirs", "elsewhere", {A: 0.4}, {"another primary": 0.4})
ANYWHERE = Mechanism("everywhere", "anywhere", {}, {"primary": 1.0})
SPREAD = pd.Series({A: 0.3, B: 0.2, C: 0.25})
CORRELATIONS = pd.DataFrame(
    [[1, 0.5, -0.3], [0.5, 1, 0.1], [-0.3, 0.1, 1]], index=[A, B, C], columns=[A, B, C]
)
PRIMARY = Estimate("primary", "", 0.6, 0.1)


def seen(**moves):
    return {name: Estimate(name, "", value, 0.1) for name, value in moves.items()}


def fitted(*mechanisms, indicators=None, primary=PRIMARY):
    indicators = seen(**{A: 0.5, B: -0.1, C: 0.2}) if indicators is None else indicators
    return rivals.fits(mechanisms, primary, indicators, SPREAD, CORRELATIONS)


def test_the_fit_is_the_normal_likelihood_of_the_pattern_a_mechanism_predicts():
    mean = np.array(
        [0.6, -0.3, 0.0]
    )  # one and a half times full size, as the primary moved .6 and not .4
    covariance = CORRELATIONS.to_numpy() * np.outer(SPREAD, SPREAD) + np.diag((0.5 * mean) ** 2)
    expected = stats.multivariate_normal(mean, covariance).logpdf([0.5, -0.1, 0.2]) + 1.5 * np.log(
        2 * np.pi
    )
    row = fitted(OWN).iloc[0]
    assert row["size"] == pytest.approx(1.5)
    assert row["loglik"] == pytest.approx(expected)


def test_a_mechanism_that_could_not_have_moved_the_primary_that_way_is_no_rival():
    assert list(fitted(OWN, BACKWARDS, ELSEWHERE)["mechanism"]) == ["own"]
    fall = Estimate("primary", "", -0.6, 0.1)
    assert list(fitted(OWN, BACKWARDS, ELSEWHERE, primary=fall)["mechanism"]) == ["backwards"]


def test_an_indicator_that_is_not_known_or_is_the_primary_itself_is_left_out():
    without = fitted(OWN, indicators=seen(**{A: 0.5, B: -0.1}))
    unknown = seen(**{A: 0.5, B: -0.1}) | {C: Estimate(C, "", missing="suppressed")}
    assert fitted(OWN, indicators=unknown)["loglik"].item() == pytest.approx(
        without["loglik"].item()
    )
    itself = Mechanism("mine", "own", {A: 0.4, B: -0.2}, {C: 0.4})
    same = rivals.fits(
        (itself,),
        Estimate(C, "", 0.6, 0.1),
        seen(**{A: 0.5, B: -0.1, C: 0.6}),
        SPREAD,
        CORRELATIONS,
    )
    assert same["loglik"].item() == pytest.approx(without["loglik"].item())


def test_a_rival_is_named_within_two_units_of_the_best_of_the_hypothesis_and_not_beyond():
    frame = pd.DataFrame(
        {
            "hypothesis": ["mine", "mine", "theirs", "others", "everywhere"],
            "mechanism": ["poor", "best", "near", "far", "anywhere"],
            "size": 1.0,
            "loglik": [-9.0, -1.0, -2.99, -3.01, np.nan],
        }
    )
    assert list(rivals.plausible(frame, "mine")["mechanism"]) == ["near", "anywhere"]


def test_without_a_mechanism_of_its_own_every_rival_stands():
    assert list(rivals.plausible(fitted(OTHER), "mine")["mechanism"]) == ["other"]


def test_nothing_in_one_authority_speaks_against_what_happens_everywhere():
    assert np.isnan(fitted(ANYWHERE)["loglik"].item())


def test_a_primary_without_a_number_has_no_fits():
    assert fitted(OWN, primary=Estimate("primary", "", missing="suppressed")).empty


def test_correlations_are_those_of_ranks_drawn_in():
    random = np.random.default_rng(3)
    normal = random.multivariate_normal([0, 0], [[1, 0.7], [0.7, 1]], 4000)
    changes = pd.DataFrame(
        np.exp(normal) ** 3, columns=[A, B]
    )  # ranks do not mind how long the tails are
    found = rivals.correlation(changes)
    assert found.loc[A, B] == pytest.approx(rivals.SHRINK * 0.7, abs=0.03)
    assert np.all(np.diag(found) == 1)


def test_too_few_authorities_give_no_correlation():
    few = pd.DataFrame({A: np.arange(10.0), B: np.arange(10.0)})
    assert rivals.correlation(few).loc[A, B] == 0
