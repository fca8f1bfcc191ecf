"""What is owed keeps its sides, its reasons and its amounts, however it is put together."""

import numpy as np

from evenwatt.markets.dues import Dues


def test_a_negative_amount_is_owed_the_other_way_round():
    dues = Dues.of("bill", [0, 1], 7, [300, -20])
    assert dues.debit.tolist() == [0, 7]
    assert dues.credit.tolist() == [7, 1]
    assert dues.amount.tolist() == [300, 20]


def test_lists_with_the_same_reasons_share_them():
    parts = [
        Dues.of("bill", 0, 1, 5),
        Dues.of("fee", 2, 1, [6, 7]),
        Dues.of("bill", 3, 1, 8, contract=4, pledge=9),
    ]
    dues = Dues.all(parts)
    assert dues.reasons == ("bill", "fee")
    assert [dues.reasons[code] for code in dues.reason.tolist()] == ["bill", "fee", "fee", "bill"]
    assert dues.amount.tolist() == [5, 6, 7, 8]
    assert (dues.contract.tolist(), dues.pledge.tolist()) == ([-1, -1, -1, 4], [0, 0, 0, 9])


def test_rows_keep_what_belongs_to_them():
    dues = Dues.of("bill", [0, 1, 2], 7, [10, 20, 30], seniority=[2, 1, 0])
    chosen = dues.rows(np.array([True, False, True]))
    assert (chosen.debit.tolist(), chosen.seniority.tolist(), chosen.amount.tolist()) == (
        [0, 2],
        [2, 0],
        [10, 30],
    )


def test_nothing_is_owed():
    assert len(Dues.all([])) == len(Dues.of("bill", [], [], [])) == 0
