"""The same rules in every authority: the words are those of each authority's own study, and nothing
is left behind.
"""

import dataclasses

import pytest

import oxcare_analysis as ox
from oxcare_analysis import diagnostics, door
from oxcare_analysis.tables import kept
from oxcare_analysis.thinking import specification


@pytest.fixture(scope="module")
def everyone(tables):
    return ox.everywhere(ox.load("Oxfordshire", 2013, 2018))


@pytest.mark.parametrize("name", ["Oxfordshire", "Rotherham", "Hackney", "City of London"])
def test_the_words_are_those_of_the_authoritys_own_study(everyone, name):
    study = ox.load(name, 2013, 2018)
    own = {hypothesis: finding.verdict for hypothesis, finding in ox.assess_all(study).items()}
    assert everyone.loc[study.area.code].drop("name").to_dict() == own


def test_asking_everywhere_first_leaves_a_study_as_it_was():
    study, again = (ox.load("Oxfordshire", 2013, 2018) for _ in range(2))
    ox.everywhere(again)
    assert len(ox.recording(study).table) > 0
    assert ox.recording(again).table.equals(ox.recording(study).table)
    notes = [{name: f.notes for name, f in ox.assess_all(s).items()} for s in (study, again)]
    assert notes[0] == notes[1]


def test_a_verdict_that_most_of_england_has_says_so(everyone, monkeypatch):
    study = ox.load("Oxfordshire", 2013, 2018)
    supported = everyone.assign(exit_threshold="supported")
    finding, study = ox.assess_all(study)["exit_threshold"], door.dataclasses.replace(study)
    monkeypatch.setattr(door, "everywhere", lambda study: supported)
    monkeypatch.setattr(
        door.judging,
        "assess_all",
        lambda study: {"exit_threshold": door.dataclasses.replace(finding, verdict="supported")},
    )
    notes = ox.assess_all(study)["exit_threshold"].notes
    assert notes[-1].startswith(
        "as in most of England: 100% of the authorities it could be tested in"
    )


def test_an_early_month_gives_the_years_that_were_out():
    study = ox.load("Oxfordshire", as_of="2012-12")
    assert (study.first_year, study.last_year) == (2010, 2012)


def test_what_is_worked_out_of_all_authorities_is_worked_out_once_for_studies_of_any(
    monkeypatch, request
):
    request.addfinalizer(kept.forget)
    kept.forget()
    one, other = (ox.load(name, 2015, 2019) for name in ("Kent", "Surrey"))
    worked = []
    monkeypatch.setattr(specification, "smooth", lambda *given: worked.append(1) or (0.1, 0.1))
    diagnostics.specifications(one, "awareness")
    first = len(worked)
    assert first > 100
    assert len(diagnostics.specifications(other, "awareness").table)
    assert len(worked) == first
    changed = dataclasses.replace(other, panel=other.panel * 2)
    diagnostics.specifications(changed, "awareness")
    assert len(worked) == 2 * first, "changed figures got what was worked out of others"
