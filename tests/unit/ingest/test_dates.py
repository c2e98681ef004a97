"""The day of a call: every way that says itself what it means is read, nothing is guessed, and time zones count."""

import datetime as dt

import pytest

from earnings_themes.ingest.dates import call_day, fitting_format, how_to_write, numbers_said


@pytest.mark.parametrize(
    ("cell", "date"),
    [
        ("2023-05-02", "2023-05-02"),
        ("20230502", "2023-05-02"),
        (" 2023-05-02 17:00:00.0000000 ", "2023-05-02"),
        ("2023-05-02T23:30:00Z", "2023-05-02"),
        ("2023-05-02T23:30:00-05:00", "2023-05-03"),
        ("2023-05-02T00:30:00+09:00", "2023-05-01"),
        ("2023-05-02 5:00:00 PM UTC", "2023-05-02"),
        ("2023/5/2", "2023-05-02"),
        ("2023-05-02 17:00 EST", "2023-05-02"),
        ("2 May 2023", "2023-05-02"),
        ("02MAY2023", "2023-05-02"),
        ("02MAY23", "2023-05-02"),
        ("02MAY2023:17:00:00.000", "2023-05-02"),
        ("27-Oct-2022", "2022-10-27"),
        ("27-Oct-22", "2022-10-27"),
        ("27-Oct-2022 4:30pm ET", "2022-10-27"),
        ("Aug 27, 2020, 9:00 p.m. ET", "2020-08-27"),
        ("Thursday, August 27th, 2020 at 5 pm (Pacific Time)", "2020-08-27"),
        ("Sept. 1, 2020", "2020-09-01"),
        ("2023-02-29", None),
        ("2023-02-29 5:00:00 PM", None),
        ("2023-05-02garbage", None),
        ("2023-05-02 17:00 XYZT", None),
        ("2023-05-02 25:00", None),
        ("05/02/2023", None),
        ("45048", None),
        ("1712102400000", None),
        ("1712-10-24", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31", None),
        ("May 2023", None),
        ("", None),
    ],
)
def test_a_day_is_read_for_certain_or_not_at_all(cell: str, date: str | None) -> None:
    found = call_day(cell)
    assert (found and found.day.isoformat()) == date


def test_a_late_call_is_on_the_exchange_s_day() -> None:
    # 1:00 UTC is 21:00 in New York the evening before, in summer; 4:30 is past midnight in both halves of the year.
    assert call_day("2022-10-28", "01:00:00") == call_day("2022-10-28 01:00:00")
    evening = call_day("2022-10-28", "01:00:00")
    assert evening and evening.day == dt.date(2022, 10, 27)
    assert evening.moment == dt.datetime(2022, 10, 28, 1, tzinfo=dt.UTC)
    tokyo = call_day("2022-10-28", "01:00:00", zone="Asia/Tokyo")
    assert tokyo and tokyo.day == dt.date(2022, 10, 28)


@pytest.mark.parametrize("time", ["", "00:00:00", "NA"])
def test_a_date_without_a_time_stays_where_it_is(time: str) -> None:
    found = call_day("2022-10-28 00:00:00", time)
    assert found
    assert (found.day, found.moment) == (dt.date(2022, 10, 28), None)


def test_a_format_says_what_is_meant() -> None:
    for date_format, day in (("%m/%d/%Y", dt.date(2023, 5, 6)), ("%d/%m/%Y", dt.date(2023, 6, 5))):
        for cell in ("05/06/2023", "5/6/2023", "05/06/2023 13:30"):
            found = call_day(cell, "", date_format)
            assert found and found.day == day
        # What needs no telling is read as before.
        assert call_day("2023-05-06", "", date_format) == call_day("2023-05-06")


def test_a_message_proposes_the_one_format_that_reads_all() -> None:
    assert fitting_format(["10/27/2022", "1/2/2022"]) == "%m/%d/%Y"
    assert fitting_format(["27/10/2022"]) == "%d/%m/%Y"
    assert fitting_format(["1/2/2022"]) is None, "two days fit"
    assert fitting_format(["10/27/2022", "soon"]) is None


@pytest.mark.parametrize(
    ("cell", "date"),
    [
        ("20240507.0", "2024-05-07"),
        ('="2024-05-07"', "2024-05-07"),
        ("'2024-05-07", "2024-05-07"),
        ("2024–05–07", "2024-05-07"),
        ("2024-05-07 (Tue)", "2024-05-07"),
        ("2024-May-07", "2024-05-07"),
        ("7th of May 2024", "2024-05-07"),
        ("2024年5月7日", "2024-05-07"),
        ("Tue, 07 May 2024 01:00:00 GMT", "2024-05-06"),
        ("2024-05-07T23:00:00-04:00[America/New_York]", "2024-05-07"),
        # pandas writes a day with a zone so: no time is known.
        ("2024-05-07 00:00:00+00:00", "2024-05-07"),
        ("2024-05-07T00:00:00Z", "2024-05-07"),
        ("2024-05-07T17:00:00[America/New_York]", None),
        ("2024-05-08 01:00 UTC+2", "2024-05-07"),
        ("2024-05-07 23:30:00 America/New_York", "2024-05-07"),
        ("20240508013000", "2024-05-07"),
        ("202405072030", "2024-05-07"),
    ],
)
def test_what_programs_put_around_a_day_is_no_part_of_it(cell: str, date: str | None) -> None:
    found = call_day(cell)
    assert (found and found.day.isoformat()) == date


def test_dates_that_are_numbers_are_named_for_what_they_may_be() -> None:
    assert "2024-05-07 in Excel" in str(numbers_said(["45419", "45420.5"]))
    assert "2024-05-07 in SAS" in str(numbers_said(["23503"]))
    assert "unit='ms'" in str(numbers_said(["1715115600000"]))
    assert numbers_said(["5/7/2024"]) is None
    assert "unit='ns'" in str(numbers_said(["1715115600000000000"]))


@pytest.mark.parametrize(
    ("cells", "advice"),
    [
        (["10/27/2022"], "%m/%d/%Y"),
        (["1/2/2022"], "Set source.date_format, such as"),
        *(([period], "do not say the day of a call") for period in (
            "Q3 2022", "FY22Q3", "3Q22", "2022Q3", "Q3 FY22", "FY2022", "2022.75", "2022", "202209", "Sep 2022", "H1 2022", "251",
        )),
        (["2024-05-07 17:00 IST"], "zone behind it cannot"),
        (["7 de mayo de 2024"], "English names"),
        (["/Date(1666872000000)/"], "Export the day as YYYY-MM-DD"),
        (["2024-05-07 17:00 IST", "soon"], "Export the day"),
    ],
)  # fmt: skip
def test_a_message_says_how_to_write_the_days(cells: list[str], advice: str) -> None:
    assert advice in how_to_write(cells)


@pytest.mark.parametrize(
    "time", ["1960-01-01 01:00:00", "1899-12-30T01:00:00", "0 days 01:00:00", "01:00:00+00"]
)
def test_a_time_is_read_as_stata_excel_and_pandas_write_it(time: str) -> None:
    assert call_day("2022-10-28", time) == call_day("2022-10-28", "01:00:00")


@pytest.mark.parametrize("time", ["75600", "3600", "0.875", "75600000", "soon"])
def test_a_time_that_is_a_number_is_no_other_time(time: str) -> None:
    # SAS counts seconds: 75,600 are 21:00, and no 7:56.
    assert call_day("2022-10-28", time) is None
    assert "pandas.to_timedelta" in how_to_write([f"2022-10-28 {time}"])


def test_a_day_that_is_not_there_is_no_question_of_its_format() -> None:
    assert "There is no such day" in how_to_write(["0000-00-00", "2023-02-30"])
