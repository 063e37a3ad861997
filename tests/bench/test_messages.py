"""The table of messages shows each ratio, and marks one that misses its target."""

from bench.messages import Ratio, messages_table


def test_a_ratio_is_the_median_of_the_rounds() -> None:
    ratios = {
        "a post": Ratio(2.0, 3.0, [1.2, 1.6, 4.0], 1.5),
        "a page": Ratio(2.0, 2.0, [1.0, 1.0, 1.4], 1.5),
        "a search": Ratio(1.0, 9.0, [9.0, 9.0, 9.0], None),
    }
    *_, post, page, search = messages_table(ratios, (1_000, 50_000)).splitlines()
    assert "**1.60** (1.20 to 4.00)" in post
    assert "\u2264 1.5: **missed**" in post
    assert "1,000 tickets" in post
    assert "missed" not in page
    assert "50,000 tickets, no message" in search
