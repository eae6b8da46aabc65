"""Statements of the documents: known answers, planted changes, the rules of agreement, areas
without documents.
"""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

import oxcare_analysis as ox
from oxcare_analysis import documents
from oxcare_analysis.checking import arithmetic, checks, claims, judging
from oxcare_analysis.checking.specification import Specification
from oxcare_analysis.checking.vantage import EXACT, ROUNDED, TRUNCATED, Vantage, agreement, when
from oxcare_analysis.showing import exhibits

BORNE_OUT, REVISED = judging.BORNE_OUT, judging.REVISED
NOT_BORNE_OUT, NOT_SETTLED = judging.NOT_BORNE_OUT, judging.NOT_SETTLED
# What a hand check of the published tables gives; the numbers stand in the statistic.
KNOWN = {
    # 430 and 30.9 in every edition; England 37.9 in the edition of 2024, 43,140 / 11,403,970 = 37.8
    # since.
    "scrutiny_2014_plans_open_2013": (
        REVISED,
        [
            "430 stated, 430 published",
            "30.9 stated, 30.9",
            "37.9 stated, 37.8",
            "37.9 stated, 37.9 as out then",
        ],
    ),
    # 3,471 / 138,956 = 249.79: 249 is cut off; England 331.5 rounds to 332.
    "scrutiny_2014_children_in_need_2013": (
        BORNE_OUT,
        ["249 stated, 249.8", TRUNCATED, "29 of 149"],
    ),
    "scrutiny_2014_children_in_need_normalised": (BORNE_OUT, ["1 in 4.9", "1 in 6.7"]),
    # 0.122 × 138,956 / 430 = 39.4 and 0.221 × 11,403,970 / 43,140 = 58.4.
    "scrutiny_2014_plans_normalised": (BORNE_OUT, ["1 in 39.4", "1 in 58.4", "nearest 5"]),
    "scrutiny_2014_plans_open_2014_09": (
        NOT_SETTLED,
        ["504 in March 2014", "569 in March 2015", "below both"],
    ),
    "scrutiny_2014_looked_after_2014_09": (
        NOT_SETTLED,
        ["462 in March 2014", "510 in March 2015", "above both"],
    ),
    # 266 − 325 + 306 = 247 at March 2009; 504 / 247 = 2.04.
    "scrutiny_2014_plans_doubled": (BORNE_OUT, ["247", "504", "2.04 times"]),
    "scrutiny_2014_england_stabilised": (
        REVISED,
        ["48,300", "43,190", "true of the years then out; the next year differed"],
    ),
    # 167 of 57,000 is 29.3 and 168 of 55,504 is 30.3; 463 of 139,928 is 33.1 and 519 is 37.1.
    "scrutiny_2014_looked_after_rank_moves": (
        BORNE_OUT,
        [
            "5 of 151, within 3 (29.9; next to it South Gloucestershire 29.3, Harrow 30.3)",
            "(33.1; next",
            "(37.1; next",
        ],
    ),
    # 68,110 / 11,403,970 = 59.7: 59 is cut off, and the department would print 60.
    "scrutiny_2014_looked_after_2013": (
        BORNE_OUT,
        ["59.0 stated, 59.7 from counts", f"{TRUNCATED} to 60"],
    ),
    # 504 / 332 is +52%; Coventry, Peterborough, Rochdale and Bradford grew by more.
    "scrutiny_2014_like_high_profile_areas": (
        NOT_SETTLED,
        ["4 of 10", "Coventry +117%, Peterborough +57%, Rochdale +56%, Bradford +56%"],
    ),
    "scrutiny_2014_need_unchanged": (
        NOT_SETTLED,
        ["11.9 (2011), 10.9 (2012), 10.7 (2013), 11.4 (2014)"],
    ),
    "oxford_mail_2015_poverty_rose": (
        NOT_SETTLED,
        ["11.9 (2011), 10.9 (2012), 10.7 (2013), 11.4 (2014), 9.8 (2015)"],
    ),
    # The no-need share moved within its own noise.
    "scrutiny_2014_referral_risk_rose": (NOT_SETTLED, ["-6% (95 per cent interval -34 to +33)"]),
    # 3,504 less 504 and 462; 3,917 less 569 and 510.
    "oxford_mail_2015_open_cases_2500": (NOT_SETTLED, ["2,538 (March 2014), 2,838 (March 2015)"]),
    "news_2018_care_admissions_rose": (
        BORNE_OUT,
        ["287 (2014/15), 357 (2015/16), 353 (2016/17), 304 (2017/18)"],
    ),
    "scrutiny_2023_looked_after_trend": (NOT_SETTLED, ["882 (March 2023), 770 (March 2024)"]),
    "scrutiny_2014_looked_after_2014": (NOT_BORNE_OUT, ["off by 1: "]),
    "scrutiny_2014_over_2_years_2013": (
        BORNE_OUT,
        ["6.3 stated, 6.3 published", "5.2 stated, 5.2 published"],
    ),
    "scrutiny_2014_over_2_years_2014": (NOT_BORNE_OUT, ["9.7 stated, 9.3 published", "47 of 503"]),
    # 125 of 579 is 1 in 4.6.
    "scrutiny_2014_repeat_share": (BORNE_OUT, ["1 in 5 stated", "1 in 4.6"]),
    "scrutiny_2014_repeat_within_2_years": (NOT_SETTLED, ["50% of repeats", "2% of all starts"]),
    "scrutiny_2014_referrals_fell": (
        BORNE_OUT,
        ["6,359 (2011/12), 6,411 (2012/13), 5,905 (2013/14)"],
    ),
    "scrutiny_2014_stay_longer": (BORNE_OUT, ["12.1 months, England 9.8"]),
    "scrutiny_2014_looked_after_stable": (BORNE_OUT, ["405 (March 2008, -6%)"]),
    "scrutiny_2014_looked_after_1_to_4": (
        NOT_BORNE_OUT,
        [
            "27 stated, 58 published",
            "aged under 1, March 2013",
            "73 stated, 73 published",
            "aged 1 to 4 +15",
            "most: children looked after aged 1 to 4",
        ],
    ),
    "scrutiny_2014_care_starts": (
        NOT_BORNE_OUT,
        [
            "247 stated, 247 published",
            "off by 2: children who started to be looked after, 2013/14: 298",
        ],
    ),
    "scrutiny_2014_care_routes_overlap": (
        BORNE_OUT,
        ["rows add to 328 for 247", "429 for 298", "100 for 68"],
    ),
    "scrutiny_2014_looked_after_rose": (
        NOT_SETTLED,
        ["416 in March 2013 to 462 in March 2014 is +11.1", "+22.6", "+24.8"],
    ),
    "oxford_mail_2014_retold_looked_after": (NOT_SETTLED, ["one source, not two"]),
    "oxford_mail_2015_plans_640": (
        NOT_SETTLED,
        ["569 in March 2015", "571 in March 2016", "above both"],
    ),
    "oxford_mail_2015_plans_more_than_doubled": (BORNE_OUT, ["2.14 times", "2.09 times"]),
    "oxford_mail_2015_mainly_neglect": (BORNE_OUT, ["318 of all 569", "197 of the growth"]),
    "news_2018_plans_2015": (BORNE_OUT, ["569 stated, 569 published"]),
    "news_2018_plans_2015_to_2018": (NOT_BORNE_OUT, ["more than 720 stated, 687 published"]),
    "news_2018_looked_after_2015_to_2018": (BORNE_OUT, ["500 stated, 510", "700 stated, 684"]),
    "news_2018_neglect_rise": (NOT_SETTLED, ["633 to 918, as stated, is +45.0 per cent"]),
    "scrutiny_2023_caseload_2023": (NOT_SETTLED, ["about 18 stated, 14.1 published"]),
}


@pytest.fixture(scope="module")
def study(tables):
    return ox.load("Oxfordshire", 2013, 2018)


@pytest.fixture(scope="module")
def found(study):
    return ox.statements(study)


@pytest.fixture(scope="module")
def rows(found):
    return found.table.set_index("statement_id")


def planted(study, year, measure, value, area=None):
    """The study with one published figure changed."""
    resolved = study.resolved.copy()
    hit = (
        resolved["area_code"].eq(area or study.area.code)
        & resolved["year"].eq(year)
        & resolved["measure"].eq(measure)
    )
    assert hit.sum() == 1
    resolved.loc[hit, "value"] = value
    return dataclasses.replace(study, resolved=resolved)


def result(study, statement):
    return ox.statements(study).table.set_index("statement_id").at[statement, "result"]


@pytest.mark.parametrize("statement", KNOWN)
def test_known_answers(rows, statement):
    expected, said = KNOWN[statement]
    assert rows.at[statement, "result"] == expected
    assert [words for words in said if words not in rows.at[statement, "statistic"]] == []


@pytest.mark.parametrize(
    ("statement", "year", "measure", "value", "becomes"),
    [
        (
            "news_2018_plans_2015",
            2015,
            "plans_open_count",
            572,
            REVISED,
        ),  # the oldest edition held still says 569
        ("news_2018_plans_2015_to_2018", 2018, "plans_open_count", 725, BORNE_OUT),
        ("scrutiny_2014_over_2_years_2014", 2014, "plans_ended_24_plus_percent", 9.7, BORNE_OUT),
        ("scrutiny_2014_looked_after_1_to_4", 2013, "looked_after_age_1_4_count", 27, BORNE_OUT),
        ("scrutiny_2014_plans_doubled", 2014, "plans_open_count", 350, NOT_BORNE_OUT),
        ("scrutiny_2014_referrals_fell", 2014, "referrals_received_count", 6360, NOT_BORNE_OUT),
        ("scrutiny_2014_looked_after_stable", 2009, "looked_after_count", 480, REVISED),
        ("scrutiny_2014_looked_after_stable", 2009, "looked_after_count", np.nan, BORNE_OUT),
        ("news_2018_plans_2015", 2015, "plans_open_count", np.nan, NOT_SETTLED),
        ("scrutiny_2014_repeat_share", 2014, "repeat_plans_count", 60, NOT_BORNE_OUT),
    ],
)
def test_a_changed_figure_changes_the_result(study, statement, year, measure, value, becomes):
    assert result(planted(study, year, measure, value), statement) == becomes


def test_england_that_had_not_grown_would_bear_out_the_report(study):
    level = planted(study, 2014, "plans_open_count", 43_000, area="E92000001")
    assert result(level, "scrutiny_2014_england_stabilised") == BORNE_OUT
    assert result(level, "scrutiny_2014_oxfordshire_unlike_england") == BORNE_OUT


def test_a_wrong_rank_is_found(study):
    poor = planted(study, 2013, "looked_after_count", 900)
    found = ox.statements(poor).table.set_index("statement_id")
    assert found.at["scrutiny_2014_looked_after_rank_moves", "result"] == NOT_BORNE_OUT


def test_every_statement_is_judged_and_most_settled_or_told_what_would_settle_them(found, rows):
    assert len(rows) == 77 and set(rows["result"]) == set(judging.RESULTS)
    assert found.tally.sum() == len(rows) and list(found.tally.index) == list(judging.RESULTS)
    settled = rows[rows["result"] != NOT_SETTLED]
    assert len(settled) >= 30
    assert settled["evidence"].map(len).gt(0).all() and settled["statistic"].ne("").all()
    assert (
        settled["settled_by"].eq("").all() and rows.drop(settled.index)["settled_by"].ne("").all()
    )
    assert not rows["statistic"].str.contains("nan").any()


def test_evidence_is_the_published_row(rows, shipped_dir):
    row = next(e for e in rows.at["news_2018_plans_2015_to_2018", "evidence"] if e["year"] == 2018)
    assert row == {
        "source": "children_in_need",
        "edition": "2025",
        "table": "plans_open_by_duration",
        "area": "Oxfordshire",
        "year": 2018,
        "measure": "plans_open_count",
        "value": 687.0,
        "status": "published",
    }
    raw = pd.read_csv(
        shipped_dir / "raw" / row["source"] / row["edition"] / f"{row['table']}.csv", dtype=str
    )
    assert raw.query("year == '2018' and area_code == '931'")["plans_open_count"].tolist() == [
        "687"
    ]
    # What the document states stands after the published rows.
    assert [
        e["value"]
        for e in rows.at["scrutiny_2014_looked_after_rank_moves", "evidence"]
        if e["table"] == "published_figures" and e["measure"] == "looked_after_count"
    ] == [463, 519]
    # The older edition that bore a rate out is shown beside the newer counts that do not.
    rates = [
        e
        for e in rows.at["scrutiny_2014_plans_open_2013", "evidence"]
        if e["measure"] == "plans_open_rate_10k"
    ]
    assert [
        (e["area"], e["edition"], e["value"]) for e in rates if e["table"] != "published_figures"
    ] == [("England", "2024", 37.9)]


@pytest.mark.parametrize(
    ("text", "value", "digits", "how"),
    [
        ("30.9", 30.945, None, ROUNDED),
        ("249", 249.79, None, TRUNCATED),
        ("332", 331.5, None, ROUNDED),
        ("430", 430.0, None, EXACT),
        ("30.0", 29.94, 0, ROUNDED),
        ("30.0", 29.94, None, ""),
        ("9.7", 9.3, None, ""),
        ("59.0", 59.7, 0, TRUNCATED),
        ("37.9", 37.83, None, ""),
        ("248", 249.79, None, ""),
    ],
)
def test_a_number_agrees_by_rounding_or_cutting_off_to_its_digits_and_no_further(
    text, value, digits, how
):
    assert agreement(text, value, digits) == how


@pytest.mark.parametrize(
    ("answers", "together"),
    [
        ([True, True], BORNE_OUT),
        ([True, REVISED], REVISED),
        ([True, None, REVISED], NOT_SETTLED),
        ([False, None, REVISED, True], NOT_BORNE_OUT),
        ([], NOT_SETTLED),
    ],
)
def test_one_check_that_fails_decides_then_one_that_cannot_be_settled(answers, together):
    assert judging.result_of(answers) == together


def test_a_year_means_what_the_table_means_by_it():
    assert [
        when(m, 2014)
        for m in (
            "plans_open_count",
            "plans_started_count",
            "caseload_average",
            "children_0_17_count",
            "looked_after_age_1_4_count",
            "looked_after_started_count",
        )
    ] == ["March 2014", "2013/14", "September 2014", "mid-2013", "March 2014", "2013/14"]


def test_only_documents_that_were_out_are_judged_and_only_on_figures_that_were(tables):
    then = ox.statements(ox.load("Oxfordshire", 2010, 2013, as_of="2014-12"))
    assert set(then.table["source"]) == {"scrutiny_2014", "oxford_mail_2014"}
    rows = then.table.set_index("statement_id")
    assert (
        rows.at["scrutiny_2014_looked_after_expected", "result"] == NOT_SETTLED
    )  # March 2015 came out later
    read = [
        e for evidence in rows["evidence"] for e in evidence if e["table"] != "published_figures"
    ]
    assert max(e["year"] for e in read) == 2014
    assert not rows["statistic"].str.contains("nan").any()


def test_an_area_without_documents_has_no_statements(tables):
    nobody = ox.statements(ox.load("Rotherham", 2013, 2018))
    assert nobody.table.empty and nobody.tally.sum() == 0
    assert "No document about Rotherham is held" in ox.say(nobody)
    assert documents.statements_document(ox.load("Rotherham", 2013, 2018)) == []
    assert "no document" in exhibits.statements(nobody).html()


def test_the_document_is_a_list_with_the_keys_of_the_contract(study):
    document = documents.statements_document(study)
    keys = [
        "statement_id",
        "source",
        "locator",
        "statement",
        "test",
        "statistic",
        "result",
        "evidence",
    ]
    assert all(list(row)[:8] == keys for row in document) and len(document) == 77
    json.dumps(document, allow_nan=False)


def test_a_statement_nobody_says_how_to_check_is_refused(study):
    register = pd.DataFrame(
        [
            {
                "statement_id": "unheard_of",
                "source": "scrutiny_2014",
                "locator": "1",
                "statement": "Something",
                "test": "None",
                "figure_ids": "",
            }
        ]
    )
    with pytest.raises(judging.DataError, match="unheard_of"):
        judging.check_all(study, register, pd.DataFrame(), {"scrutiny_2014": pd.DataFrame()})


def test_words_say_the_tally_and_explain_what_is_not_borne_out(found):
    said = ox.say(found).split("\n")
    counts = found.tally
    assert said[0].startswith(
        f"Of 77 statements in 5 documents about Oxfordshire: {counts[BORNE_OUT]} borne out"
    )
    assert len(said) == 1 + counts[NOT_BORNE_OUT] + counts[REVISED]
    # 31 of 58, then 33 of 687, then 0.4 of 9.3, then 2 of 296, then 1 of 462.
    wrong = [line.partition("Found: ")[2] for line in said if line.startswith("- ✕")]
    assert [
        next(n for n in ("27", "more than 720", "9.7", "298", "463") if f"{n} stated" in line)
        for line in wrong
    ] == ["27", "27", "more than 720", "9.7", "298", "463"]
    assert "1 only retells another document's figure: no further error." in said[0]
    assert ox.say(found)._repr_html_().count("<li>") == len(said) - 1


def test_the_table_for_readers_has_every_statement_with_its_evidence_folded_and_text_that_is_never_markup(
    found,
):
    marked = found.table.assign(statement="<script>x</script>")
    html = exhibits.statements(dataclasses.replace(found, table=marked)).html()
    assert "<script>" not in html and html.count("<caption>") == 5
    assert html.count('<th scope="row">') == 77
    assert html.count("<details>") == found.table["evidence"].map(bool).sum()


def test_the_register_is_shown_in_words(study):
    shown = exhibits.stated(ox.stated(study)).table
    assert shown["Document"].str.contains("_").sum() == 0
    assert shown[["Date", "Stated", "Published"]].to_numpy().tolist()[0] == [
        "31 March 2013",
        "3,471",
        "3,471",
    ]
    assert {"more than 720", "30.0"} <= set(shown["Stated"])


@pytest.fixture
def vantage(study):
    """Two stated figures and three published ones, made up."""
    stated = pd.DataFrame(
        {
            "value": ["20", "40", "100"],
            "precision": "exact",
            "source": "scrutiny_2014",
            "locator": "1",
            "area": "Oxfordshire",
            "measure": "plans_open_count",
            "period": "2014-03-31",
        },
        index=["a", "b", "c"],
    )
    code = study.area.code
    index = pd.MultiIndex.from_tuples(
        [
            (code, 2013, "plans_open_count"),
            (code, 2014, "plans_open_count"),
            (code, 2014, "plans_started_count"),
        ],
        names=["area_code", "year", "measure"],
    )
    published = pd.DataFrame(
        {
            "source": "s",
            "edition": "e",
            "table": "t",
            "value": [20.0, 45.0, 40.0],
            "status": "published",
        },
        index=index,
    )
    return Vantage(study, published, stated)


def test_checks_on_made_up_rows(vantage):
    p, s = "plans_open_count", "plans_started_count"
    assert checks.count("a", p, 2013)(vantage)[0] is True
    holds, said = checks.count("b", p, 2014)(vantage)
    assert holds is False and "40 is the published number of plans started, 2013/14" in said
    assert checks.count("a", p, 2015)(vantage)[0] is None
    holds, said = checks.bracket("b", p, 2013, 2014)(vantage)
    assert holds is None and said.endswith(
        "published 20 in March 2013 and 45 in March 2014: between them"
    )
    assert checks.above_all("c", p, 2013, 2014)(vantage)[0] is True
    assert claims.went(p, 2013, 2014, "up")(vantage)[0] is True
    assert claims.went(p, 2013, 2014, "down")(vantage)[0] is False
    assert claims.went(s, 2013, 2014, "up")(vantage)[0] is None
    assert claims.level(p, 2013, 2014)(vantage)[0] is False
    assert arithmetic.changes_by("c", "a", "b")(vantage) == (
        True,
        "20 to 40, as stated, is +100.0 per cent (100 stated)",
    )
    assert arithmetic.same({"a": "b"})(vantage)[0] is False
    assert arithmetic.above({"b": "a"})(vantage)[0] is True


def test_an_aside_decides_nothing(vantage):
    spec = Specification(
        (checks.count("a", "plans_open_count", 2013),),
        (checks.count("b", "plans_open_count", 2014),),
    )
    statistic, outcome, *_ = judging._judge(spec, vantage, dataclasses.replace(vantage, then=True))
    assert outcome == BORNE_OUT and "Beside it: " in statistic


def test_a_year_that_came_later_is_told_apart_from_a_figure_that_was_revised(vantage):
    p, key = "plans_open_count", (vantage.study.area.code, 2014, "plans_open_count")
    before = vantage.rows.loc[[(key[0], 2013, p)]].rename(index={2013: 2012}, level="year")
    now = dataclasses.replace(vantage, rows=pd.concat([before, vantage.rows]).sort_index())
    shorter = dataclasses.replace(now, rows=now.rows.drop(key), then=True)
    result, said = judging._answer(claims.level(p, 2012, 2014), now, shorter)
    assert result == REVISED and said.startswith(
        "true of the years then out; the next year differed: "
    )
    other = now.rows.copy()
    other.loc[key, "value"] = 40.0
    result, said = judging._answer(
        checks.count("b", p, 2014), now, dataclasses.replace(now, rows=other, then=True)
    )
    assert result == REVISED and said.startswith(
        "true of the figure as first held, which was revised: "
    )


@pytest.mark.parametrize(
    ("published", "off"), [(41, True), (42, True), (38, True), (43, False), (37, False)]
)
def test_a_count_within_a_few_is_not_borne_out_and_says_first_by_how_much(vantage, published, off):
    rows = vantage.rows.copy()
    rows.loc[(vantage.study.area.code, 2014, "plans_open_count"), "value"] = float(published)
    holds, said = checks.count("b", "plans_open_count", 2014)(
        dataclasses.replace(vantage, rows=rows)
    )
    assert holds is False and said.startswith(f"off by {abs(40 - published)}: ") == off
