"""Every rule gives the printed numbers: d = (3, 5, 9, 13), the Mishnah, Ibn Ezra, the weighted examples."""

from fractions import Fraction

import numpy as np
import pytest

from evenwatt import claims
from evenwatt.core.rule import spelled

CLAIMS = [3.0, 5.0, 9.0, 13.0]

# Awards at E = 12 and at E = 20; verified twice, and against the R package ClaimsProblems 1.0.0.
TABLE = {
    "pro": ("6/5 2 18/5 26/5", "2 10/3 6 26/3"),
    "apro": ("36/29 60/29 108/29 144/29", "17/9 85/27 17/3 251/27"),
    "cea": ("3 3 3 3", "3 5 6 6"),
    "cel": ("0 0 4 8", "1/2 5/2 13/2 21/2"),
    "av": ("3/2 3/2 7/2 11/2", "7/4 15/4 25/4 33/4"),
    "talmud": ("3/2 5/2 4 4", "3/2 5/2 6 10"),
    "rtalmud": ("3/4 7/4 15/4 23/4", "11/4 15/4 23/4 31/4"),
    "piniles": ("3/2 5/2 4 4", "11/4 15/4 23/4 31/4"),
    "ce": ("3/2 5/2 4 4", "3 5 11/2 13/2"),
    "mo": ("3/4 17/12 41/12 77/12", "3/4 29/12 77/12 125/12"),
    "dt": ("49/32 77/32 117/32 141/32", "1119/512 1819/512 3087/512 4215/512"),
    "ra": ("5/4 23/12 47/12 59/12", "23/12 13/4 67/12 37/4"),
    "aa": ("63/44 193/84 3659/924 569/132", "3499/2156 6131/2156 12451/2156 21039/2156"),
    "tal:theta=0.25": ("3/4 5/4 3 7", "3/4 29/12 77/12 125/12"),
    "tal:theta=0.75": ("9/4 13/4 13/4 13/4", "9/4 15/4 27/4 29/4"),
}


@pytest.mark.parametrize("text", TABLE)
@pytest.mark.parametrize(("endowment", "column"), [(12.0, 0), (20.0, 1)])
def test_rule_gives_the_printed_awards(text, endowment, column):
    rule = spelled("claims", text)
    expected = [float(Fraction(part)) for part in TABLE[text][column].split()]
    awards = rule.rule(endowment, CLAIMS, **rule.parameters)
    np.testing.assert_allclose(awards, expected, rtol=0, atol=1e-13)


def test_the_table_names_every_rule():
    assert {text.partition(":")[0] for text in TABLE} | {"cd"} == set(claims.rules())


def test_talmud_divides_as_the_mishnah_does():
    awards = claims.talmud([100.0, 200.0, 300.0], [100.0, 200.0, 300.0])
    expected = [[100 / 3, 100 / 3, 100 / 3], [50, 75, 75], [50, 100, 150]]
    np.testing.assert_allclose(awards, expected, atol=1e-12)


@pytest.mark.parametrize("name", ["cd", "talmud", "ra", "mo", "apro", "aa"])
def test_the_contested_garment(name):
    np.testing.assert_allclose(claims.rule(name)(1.0, [1.0, 0.5]), [0.75, 0.25], atol=1e-14)


def test_minimal_overlap_divides_as_ibn_ezra_does():
    awards = claims.minimal_overlap(120.0, [30.0, 40.0, 60.0, 120.0])
    np.testing.assert_allclose(awards, [7.5, 10 + 5 / 6, 20 + 5 / 6, 80 + 5 / 6], atol=1e-12)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("cea", [2, 2, 2, 6]), ("cel", [0, 2, 6, 4]), ("talmud", [1.5, 2.1, 2.1, 6.3])],
)
def test_weighted_examples(name, expected):
    awards = claims.rule(name)(12.0, CLAIMS, weights=[1, 1, 1, 3])
    np.testing.assert_allclose(awards, expected, atol=1e-12)


def test_weighted_proportional_stops_at_the_claim():
    awards = claims.proportional(12.0, [3.0, 5.0, 9.0, 13.0, 0.0], weights=[10, 1, 1, 1, 7])
    np.testing.assert_allclose(awards, [3, 5 / 3, 3, 13 / 3, 0], atol=1e-12)


@pytest.mark.parametrize(
    ("name", "endowment", "side", "sentence"),
    [
        ("pro", 12.0, "below half", "everyone is served 40.0 % of the claim"),
        ("cea", 20.0, "above half", "everyone is served up to 6 Wh"),
        ("cel", 20.0, "above half", "everyone goes short by up to 2.5 Wh, nobody by more than the claim"),
        (
            "av",
            12.0,
            "below half",
            "halfway between serving everyone up to 3 Wh and cutting everyone by up to 5 Wh",
        ),
        ("talmud", 12.0, "below half", "everyone gets up to 4 Wh, nobody more than half the claim"),
        (
            "talmud",
            20.0,
            "above half",
            "everyone goes short by up to 3 Wh, nobody by more than half the claim",
        ),
        ("rtalmud", 12.0, "below half", "everyone gets half the claim less up to 0.75 Wh"),
        ("rtalmud", 20.0, "above half", "everyone gets half the claim and up to 1.25 Wh more"),
        ("piniles", 20.0, "above half", "everyone gets half the claim and up to 1.25 Wh more"),
        ("piniles", 12.0, "below half", "everyone gets up to 4 Wh, nobody more than half the claim"),
        ("ce", 20.0, "above half", "everyone is served up to 5.5 Wh, and nobody less than half the claim"),
        ("ce", 12.0, "below half", "everyone gets up to 4 Wh, nobody more than half the claim"),
        ("tal", 15.0, "at half", "everyone gets up to 6.5 Wh, nobody more than 0.5 of the claim"),
        ("cea", 40.0, "plenty", "there is enough: every claim is served in full"),
        ("cel", 0.0, "nothing", "there is nothing to share"),
    ],
)
def test_detail_says_the_level_in_a_sentence(name, endowment, side, sentence):
    detail = claims.rule(name).detail(endowment, CLAIMS)
    assert (detail["side"], detail["sentence"]) == (side, sentence)
