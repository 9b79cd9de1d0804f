"""Data frames: what they hand over, and what is made of it, for each library and each trap that it sets."""

from __future__ import annotations

import datetime
import decimal
import enum
import io
import uuid
from collections.abc import Callable
from typing import Any

import octane_client as octane
import pytest
from octane_client import Client, Report
from octane_client.testing import Sandbox

pytestmark = pytest.mark.frames

UTC = datetime.timezone.utc
MOMENT = datetime.datetime(2025, 4, 30, 8, 0, tzinfo=UTC)

COLUMNS: dict[str, list[Any]] = {
    "name": ["pays", "refunds", "ships"],
    "status": ["passed", "failed", "skipped"],
    "class": ["CardTest", "CardTest", None],
    "duration": [datetime.timedelta(milliseconds=1500), datetime.timedelta(seconds=2), None],
    "started": [MOMENT, MOMENT + datetime.timedelta(seconds=1), None],
    "error_message": [None, "no money", None],
    "jira": [["SHOP-101"], ["SHOP-102", "SHOP-103"], None],
}


def upload(client: Client, results: Any, **options: Any) -> Report:
    return client.upload(results, **{"suite": "Nightly", "suite_run": "nightly-1", **options}).raise_for_problems()


def pandas_frame(columns: dict[str, list[Any]]) -> Any:
    return pytest.importorskip("pandas").DataFrame(columns)


def polars_frame(columns: dict[str, list[Any]]) -> Any:
    return pytest.importorskip("polars").DataFrame(columns)


def polars_lazy_frame(columns: dict[str, list[Any]]) -> Any:
    return polars_frame(columns).lazy()


def arrow_table(columns: dict[str, list[Any]]) -> Any:
    return pytest.importorskip("pyarrow").table(columns)


def arrow_batch(columns: dict[str, list[Any]]) -> Any:
    return pytest.importorskip("pyarrow").record_batch(columns)


def arrow_reader(columns: dict[str, list[Any]]) -> Any:
    return arrow_table(columns).to_reader(max_chunksize=2)


def duckdb_relation(columns: dict[str, list[Any]]) -> Any:
    duckdb = pytest.importorskip("duckdb")
    table = arrow_table(columns)
    # What a name in the query stands for is found by its name in this function.
    assert table.num_rows >= 0
    return duckdb.connect().from_arrow(table)


KINDS = [pandas_frame, polars_frame, polars_lazy_frame, arrow_table, arrow_batch, arrow_reader, duckdb_relation]


@pytest.mark.parametrize("make", KINDS)
def test_a_frame_of_any_library_is_uploaded(
    sandbox: Sandbox, client: Client, make: Callable[[dict[str, list[Any]]], Any]
) -> None:
    report = upload(client, make(COLUMNS))
    counts = report.counts
    assert (counts.read, counts.passed, counts.failed, counts.test_skipped) == (3, 1, 1, 1)
    assert report.links is not None and report.links["keys"] == 3
    fields = "name,class_name,duration,started"
    runs = {run["name"]: run for run in sandbox.entities("automated_runs", fields=fields)}
    assert [runs[name]["duration"] for name in COLUMNS["name"]] == [1500, 2000, 0]
    assert runs["pays"]["started"] == "2025-04-30T08:00:00Z"
    assert runs["ships"]["started"] is None or runs["ships"]["started"] != runs["pays"]["started"]
    assert (runs["pays"]["class_name"], runs["ships"]["class_name"] or None) == ("CardTest", None)


@pytest.mark.parametrize("make", KINDS)
def test_columns_that_are_not_needed_do_no_harm(
    client: Client, make: Callable[[dict[str, list[Any]]], Any]
) -> None:
    extra: dict[str, list[Any]] = {"notes": [None, None], "numbers": [1, 2]}
    frame = make({"name": ["a", "b"], "status": ["passed", "passed"], **extra})
    assert upload(client, frame, extra="ignore").counts.ingested == 2


@pytest.mark.parametrize("make", KINDS)
def test_columns_are_mapped(client: Client, make: Callable[[dict[str, list[Any]]], Any]) -> None:
    frame = make({"Test Name": ["a", "b"], "Result": ["ok", "ko"]})
    columns = {"Test Name": "name", "Result": "status"}
    assert upload(client, frame, columns=columns, status_map={"ko": "failed"}).counts.failed == 1


@pytest.mark.parametrize("make", KINDS)
def test_a_frame_without_rows_is_no_results(client: Client, make: Callable[[dict[str, list[Any]]], Any]) -> None:
    with pytest.raises(octane.InputError, match="there are no results"):
        upload(client, make({"name": [], "status": []}))


@pytest.mark.parametrize("make", KINDS)
def test_all_bad_cells_are_listed(client: Client, make: Callable[[dict[str, list[Any]]], Any]) -> None:
    naive = datetime.datetime(2025, 4, 30, 8, 0)
    frame = make(
        {
            "name": ["a", "", "c"],
            "status": ["passd", "passed", "passed"],
            "started": [None, None, naive],
            "duration": [None, None, datetime.timedelta(seconds=-1)],
        }
    )
    with pytest.raises(octane.SchemaError) as raised:
        upload(client, frame)
    places = sorted((bad["number"], bad["column"]) for bad in raised.value.rows)
    assert places == [(1, "status"), (2, "name"), (3, "duration"), (3, "started")]


@pytest.mark.parametrize("make", KINDS)
def test_many_rows_are_read_in_slices(
    sandbox: Sandbox, client: Client, make: Callable[[dict[str, list[Any]]], Any]
) -> None:
    names = [f"test_{number}" for number in range(3000)]
    assert upload(client, make({"name": names, "status": ["passed"] * 3000})).counts.runs == 3000
    assert sorted(run.name for run in sandbox.runs) == sorted(names)


# pandas


class Colour(enum.Enum):
    GREEN = "passed"
    RED = "failed"


def statuses(sandbox: Sandbox) -> dict[str, str | None]:
    return {run.name: run.status for run in sandbox.runs}


def test_pandas_without_a_way_to_arrow_is_read_by_columns(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    pandas = pytest.importorskip("pandas")

    def missing(self: Any, requested_schema: Any = None) -> Any:
        raise ImportError("pyarrow is missing")

    monkeypatch.setattr(pandas.DataFrame, "__arrow_c_stream__", missing, raising=False)
    report = upload(client, pandas.DataFrame(COLUMNS))
    assert (report.counts.ingested, report.links and report.links["keys"]) == (3, 3)


def test_a_pandas_column_of_objects_of_several_types_is_read(sandbox: Sandbox, client: Client) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "name": pandas.Series(["a", 7, uuid.UUID(int=1), "d", "e"], dtype=object),
            "status": pandas.Series([Colour.GREEN, Colour.RED, "passed", "passed", "passed"], dtype=object),
            "jira": pandas.Series(["SHOP-101", ["SHOP-102"], None, float("nan"), ("SHOP-103", None)], dtype=object),
            "class": pandas.Series([None, float("nan"), pandas.NA, pandas.NaT, "C"], dtype=object),
        }
    )
    report = upload(client, frame)
    assert report.links is not None and report.links["keys"] == 3
    assert statuses(sandbox) == {"a": "passed", "7": "failed", str(uuid.UUID(int=1)): "passed", "d": "passed", "e": "passed"}


def test_a_pandas_column_that_cannot_be_used_is_named_by_its_cells(client: Client) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "name": ["a", "b"],
            "status": ["passed", "passed"],
            "class": pandas.Series([{"x": 1}, 1 + 2j], dtype=object),
            "unused": pandas.Series([object(), 7], dtype=object),
        }
    )
    frame.index = ["first", "second"]
    with pytest.raises(octane.SchemaError) as raised:
        upload(client, frame, extra="ignore")
    assert [(bad["row"], bad["column"]) for bad in raised.value.rows] == [("first", "class"), ("second", "class")]


def test_a_pandas_column_may_have_other_types_further_down(client: Client) -> None:
    pandas = pytest.importorskip("pandas")
    # More rows than are converted at a time.
    count, bad = 70_000, {0, 32_767, 32_768, 65_535, 65_536, 69_999}
    texts = [f"test {number}" if number < 33_000 else number for number in range(count)]
    frame = pandas.DataFrame(
        {
            "name": pandas.Series([" " if number in bad else texts[number] for number in range(count)], dtype=object),
            "status": ["passed"] * count,
            "class": pandas.Series([{"x": 1} if number in bad else None for number in range(count)], dtype=object),
        }
    )
    with pytest.raises(octane.SchemaError) as raised:
        upload(client, frame)
    found = sorted((row["number"] - 1, row["column"]) for row in raised.value.rows)
    assert found == [(number, column) for number in sorted(bad) for column in ("class", "name")]


def test_naive_and_aware_times_in_one_pandas_column_keep_their_moments(sandbox: Sandbox, client: Client) -> None:
    pandas = pytest.importorskip("pandas")
    zone = datetime.timezone(datetime.timedelta(hours=2))
    mixed = [datetime.datetime(2025, 4, 30, 10, 0), datetime.datetime(2025, 4, 30, 10, 0, tzinfo=zone)]
    frame = pandas.DataFrame(
        {"name": ["naive", "aware"], "status": ["passed"] * 2, "started": pandas.Series(mixed, dtype=object)}
    )
    with pytest.raises(octane.SchemaError) as raised:
        upload(client, frame)
    assert [bad["number"] for bad in raised.value.rows] == [1]
    upload(client, frame, timezone="UTC")
    assert {run.name: run.started for run in sandbox.runs} == {
        "naive": "2025-04-30T10:00:00Z",
        "aware": "2025-04-30T08:00:00Z",
    }


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_type_of_ones_own_is_read_as_the_frame_that_it_is(sandbox: Sandbox, client: Client, library: str) -> None:
    class Frame(pytest.importorskip(library).DataFrame):  # type: ignore[misc]
        pass

    aware = datetime.datetime(2025, 4, 30, 10, 0, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))
    columns: dict[str, list[Any]] = {"name": ["a", "b"], "status": ["passed"] * 2, "started": [aware, None], "unused": [1, 2]}
    if library == "pandas":
        columns.update(started=[aware, datetime.datetime(2025, 4, 30, 10, 0)], unused=["text", 7])
        with pytest.raises(octane.SchemaError, match="timezone="):
            upload(client, Frame(columns, dtype=object))
    upload(client, Frame(columns, **({"dtype": object} if library == "pandas" else {})), timezone="Europe/Berlin")
    (started,) = {run.started for run in sandbox.runs} - {None}
    assert started == "2025-04-30T08:00:00Z"


def test_a_pandas_period_is_no_moment(client: Client) -> None:
    pandas = pytest.importorskip("pandas")
    periods = pandas.period_range("2025-04", periods=2, freq="M")
    frame = pandas.DataFrame({"name": ["a", "b"], "status": ["passed"] * 2, "started": periods})
    with pytest.raises(octane.SchemaError, match="(?i)period") as raised:
        upload(client, frame)
    assert len(raised.value.rows) == 2


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_pandas_times_of_any_unit_are_moments(sandbox: Sandbox, client: Client, unit: str) -> None:
    pandas = pytest.importorskip("pandas")
    started = pandas.Series(["2025-04-30T10:00:00", None], dtype=f"datetime64[{unit}]")
    duration = pandas.Series([datetime.timedelta(milliseconds=1500), None]).astype(f"timedelta64[{unit}]")
    frame = pandas.DataFrame(
        {
            "name": ["a", "b"],
            "status": ["passed", "passed"],
            "started": started.dt.tz_localize("Europe/Berlin"),
            "duration": duration,
        }
    )
    upload(client, frame)
    runs = {run["name"]: run for run in sandbox.entities("automated_runs", fields="name,started,duration")}
    assert runs["a"]["started"] == "2025-04-30T08:00:00Z"
    assert (runs["a"]["duration"], runs["b"]["duration"]) == (1000 if unit == "s" else 1500, 0)


def test_a_filtered_pandas_frame_names_rows_by_its_index(client: Client) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"name": ["a", "b", "c", "d"], "status": ["passed", "passd", "passed", "faild"]})
    with pytest.raises(octane.SchemaError) as raised:
        upload(client, frame[frame["name"] != "a"])
    assert [(bad["number"], bad["row"]) for bad in raised.value.rows] == [(1, "1"), (3, "3")]
    assert "row `3`" in str(raised.value)


def test_the_index_of_a_pandas_frame_is_no_column(client: Client) -> None:
    pandas = pytest.importorskip("pandas")
    columns = {"name": ["a", "b"], "status": ["passed", "passed"]}
    frame = pandas.DataFrame(columns, index=pandas.MultiIndex.from_tuples([(1, "x"), (1, "y")], names=["class", None]))
    assert not upload(client, frame).warnings
    # Nor if it has the name of a field.
    assert not upload(client, pandas.DataFrame(columns, index=pandas.Index([1, 2], name="jira"))).warnings


def test_names_of_pandas_columns_may_be_anything(client: Client) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame([["a", "passed", 1]], columns=["name", "status", 7])
    assert "`7`" in str(upload(client, frame).warnings[0])
    both = pandas.DataFrame([["a", "passed", "failed"]], columns=["name", "status", "status"])
    with pytest.raises(octane.SchemaError, match="`status`"):
        upload(client, both)
    unused = pandas.DataFrame([["a", "passed", 1, 2]], columns=["name", "status", "x", "x"])
    assert upload(client, unused, extra="ignore").counts.ingested == 1
    levels = pandas.DataFrame([["a", "passed"]], columns=pandas.MultiIndex.from_tuples([("name", ""), ("status", "")]))
    columns = {str(levels.columns[0]): "name", str(levels.columns[1]): "status"}
    assert upload(client, levels, columns=columns).counts.ingested == 1


def test_categories_decimals_and_nullable_types_of_pandas_are_read(sandbox: Sandbox, client: Client) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "name": pandas.Categorical(["a", "b"]),
            "status": pandas.Series(["passed", "failed"], dtype="string"),
            "duration_s": [decimal.Decimal("1.25"), None],
            "external_id": pandas.array([7, None], dtype="Int64"),
        }
    )
    upload(client, frame)
    runs = {run["name"]: run for run in sandbox.entities("automated_runs", fields="name,duration")}
    assert (runs["a"]["duration"], runs["b"]["duration"]) == (1250, 0)


def test_sparse_and_complex_pandas_columns_do_no_harm(client: Client) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "name": ["a", "b"],
            "status": ["passed", "passed"],
            "duration_s": pandas.arrays.SparseArray([1.5, 0.0]),
            "z": [1 + 2j, 2j],
        }
    )
    assert upload(client, frame, extra="ignore").counts.ingested == 2


def test_a_text_that_is_no_unicode_is_named(client: Client) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"name": pandas.Series(["a\ud800", "b"], dtype=object), "status": ["passed", "passed"]})
    with pytest.raises(octane.SchemaError) as raised:
        upload(client, frame)
    assert [(bad["number"], bad["column"]) for bad in raised.value.rows] == [(1, "name")]


def test_numpy_scalars_are_what_they_stand_for(sandbox: Sandbox, client: Client) -> None:
    numpy = pytest.importorskip("numpy")
    rows = [
        {"name": numpy.str_("a"), "status": "passed", "duration_s": numpy.float32(1.5), "jira": numpy.array(["SHOP-101"])},
        {"name": numpy.int64(7), "status": "passed", "started": numpy.datetime64("2025-04-30T08:00:00", "ns")},
        {"name": "c", "status": "passed", "started": numpy.datetime64("NaT"), "duration_s": numpy.timedelta64(1500, "ms")},
    ]
    report = upload(client, rows, timezone="UTC")
    assert report.links is not None and report.links["keys"] == 1
    runs = {run["name"]: run for run in sandbox.entities("automated_runs", fields="name,started,duration")}
    assert runs["7"]["started"] == "2025-04-30T08:00:00Z"
    assert (runs["a"]["duration"], runs["c"]["duration"]) == (1500, 1500)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_columns_of_numpy_have_times_of_any_unit(sandbox: Sandbox, client: Client, unit: str) -> None:
    numpy = pytest.importorskip("numpy")
    started = numpy.array(["2025-04-30T10:00:00", "NaT"], f"datetime64[{unit}]")
    duration = numpy.ma.array(numpy.array([2000, 3000], "timedelta64[ms]").astype(f"timedelta64[{unit}]"), mask=[False, True])
    columns = {"name": numpy.array(["a", "b"]), "status": ["passed", "passed"], "started": started, "duration": duration}
    with pytest.raises(octane.SchemaError, match="timezone="):
        upload(client, columns)
    upload(client, columns, timezone="Europe/Berlin")
    runs = {run["name"]: run for run in sandbox.entities("automated_runs", fields="name,started,duration")}
    assert (runs["a"]["started"], runs["b"]["started"]) == ("2025-04-30T08:00:00Z", None)
    assert (runs["a"]["duration"], runs["b"]["duration"]) == (2000, 0)


def test_values_that_have_no_end_are_refused(sandbox: Sandbox, client: Client) -> None:
    numpy = pytest.importorskip("numpy")
    upload(client, [{"name": "a", "status": "passed", "duration_s": numpy.longdouble(1.5)}])
    assert sandbox.entities("automated_runs", fields="duration")[0]["duration"] == 1500
    endless: list[object] = ["SHOP-101"]
    endless.append(endless)
    for column, value in (("duration_s", numpy.clongdouble(1.5)), ("jira", endless)):
        with pytest.raises(octane.SchemaError) as raised:
            upload(client, [{"name": "a", "status": "passed", column: value}])
        assert [bad["column"] for bad in raised.value.rows] == [column]


def test_what_pandas_has_for_nothing_is_refused_as_a_name(client: Client) -> None:
    pandas = pytest.importorskip("pandas")
    for nothing in (pandas.NA, pandas.NaT):
        with pytest.raises(octane.InputError, match="`suite_run` must be a text, got"):
            upload(client, [{"name": "a", "status": "passed"}], suite_run=nothing)


# polars


def test_a_time_of_numpy_that_is_out_of_range_is_not_read_as_a_number(client: Client) -> None:
    numpy = pytest.importorskip("numpy")
    rows = [{"name": "a", "status": "passed", "started": numpy.datetime64("12000-01-01")}]
    with pytest.raises(octane.SchemaError, match="datetime64 out of range"):
        upload(client, rows, timezone="UTC")


def test_a_polars_column_without_any_value_is_absent(client: Client) -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"name": ["a"], "status": ["passed"], "error_message": [None]})
    assert frame.schema["error_message"] == polars.Null
    assert upload(client, frame).counts.ingested == 1


@pytest.mark.parametrize("column", ["jira", "tags"])
@pytest.mark.parametrize("values", [[[], []], [[None], []], [None, []], [None, None]], ids=repr)
@pytest.mark.parametrize("is_lazy", [False, True])
def test_polars_lists_without_any_value_are_absent(
    client: Client, column: str, values: list[Any], is_lazy: bool
) -> None:
    polars = pytest.importorskip("polars")
    names = {"name": ["a", "b"], "status": ["passed", "failed"]}
    frames = [polars.DataFrame({**names, column: values})]
    frames.append(frames[0].with_columns(polars.Series(column, [[None], [None]], dtype=polars.Array(polars.Null, 1))))
    for frame in frames:
        assert upload(client, frame.lazy() if is_lazy else frame).counts.ingested == 2


def test_a_polars_struct_is_named_by_its_cells(client: Client) -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"name": ["a"], "status": ["passed"], "jira": [{"key": None}]})
    with pytest.raises(octane.SchemaError, match="column `jira`: .* has the type `dict`"):
        upload(client, frame)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_column_or_groups_are_refused_as_results(client: Client, library: str) -> None:
    frames = pytest.importorskip(library)
    frame = frames.DataFrame({"name": ["a"], "status": ["passed"]})
    groups = frame.groupby("name") if library == "pandas" else frame.group_by("name")
    for results in (frame["name"], groups):
        with pytest.raises(octane.InputError, match=f"of {library} has no columns") as raised:
            upload(client, results)
        assert "give a data frame" in str(raised.value.hint)


def test_polars_types_that_arrow_does_not_have_are_read_as_objects(sandbox: Sandbox, client: Client) -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(
        {
            "name": polars.Series([uuid.UUID(int=1), "b"], dtype=polars.Object),
            "status": ["passed", "failed"],
            "external_id": polars.Series([1, 2], dtype=polars.Int128),
            "class": polars.Series(["C", "D"], dtype=polars.Categorical),
            "jira": polars.Series([["SHOP-101"], []], dtype=polars.List(polars.String)),
        }
    )
    upload(client, frame)
    assert statuses(sandbox) == {str(uuid.UUID(int=1)): "passed", "b": "failed"}


def test_a_polars_column_that_is_not_needed_may_have_any_type(client: Client) -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(
        {
            "name": ["a"],
            "status": ["passed"],
            "x": polars.Series([1], dtype=polars.Int128),
            "y": polars.Series([object()], dtype=polars.Object),
        }
    )
    assert upload(client, frame, extra="ignore").counts.ingested == 1
    assert upload(client, frame.lazy(), extra="ignore", suite_run="nightly-2").counts.ingested == 1


def test_a_lazy_frame_is_read_batch_by_batch_and_never_as_a_whole(
    sandbox: Sandbox, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    polars = pytest.importorskip("polars")
    if not hasattr(polars.LazyFrame, "collect_batches"):
        pytest.skip("this polars has no batches")
    names = [f"t{number}" for number in range(3000)]
    lazy = polars.LazyFrame({"name": names, "status": ["passed"] * 2999 + ["failed"], "x": [None] * 3000})
    collect_batches = polars.LazyFrame.collect_batches
    lengths: list[int] = []

    def batches(frame: Any) -> Any:
        for batch in collect_batches(frame, chunk_size=1100):
            lengths.append(batch.height)
            yield batch

    def whole(*_args: Any, **_options: Any) -> Any:
        raise AssertionError("the whole frame was asked for")

    monkeypatch.setattr(polars.LazyFrame, "collect_batches", batches)
    monkeypatch.setattr(polars.LazyFrame, "collect", whole)
    counts = upload(client, lazy, extra="ignore").counts
    assert (counts.ingested, counts.passed, counts.failed) == (3000, 2999, 1)
    assert sum(lengths) == 3000 and len(lengths) > 1
    # Several results of a test have to be arranged, so all of it is computed once more.
    lengths.clear()
    twice = polars.LazyFrame({"name": ["a", "a"], "status": ["passed", "failed"], "jira": [None, None]})
    assert upload(client, twice, suite_run="nightly-2").counts.repeats == 1
    assert sum(lengths) == 4


def test_a_lazy_frame_whose_rows_come_in_another_order_each_time_hides_no_failure(sandbox: Sandbox, client: Client) -> None:
    polars = pytest.importorskip("polars")
    if not hasattr(polars.LazyFrame, "collect_batches"):
        pytest.skip("this polars has no `collect_batches`")
    rows = [(f"t{number}", "passed") for number in range(40)] * 2 + [(f"t{number}", "failed") for number in range(0, 40, 3)]
    times = 0

    def in_another_order(frame: Any) -> Any:
        nonlocal times
        times += 1
        return frame.sample(fraction=1.0, shuffle=True, seed=times)

    frame = polars.DataFrame(rows, schema=["name", "status"], orient="row")
    upload(client, frame.lazy().map_batches(in_another_order), reruns="worst")
    failed = {run.name for run in sandbox.runs if run.status == "failed"}
    assert failed == {f"t{number}" for number in range(0, 40, 3)}


def test_a_lazy_frame_whose_rows_change_sends_nothing(sandbox: Sandbox, client: Client) -> None:
    polars = pytest.importorskip("polars")
    if not hasattr(polars.LazyFrame, "collect_batches"):
        pytest.skip("this polars has no `collect_batches`")
    statuses = iter(("failed", "passed", "passed", "passed"))

    def changes(frame: Any) -> Any:
        return frame.with_columns(status=polars.lit(next(statuses)))

    lazy = polars.LazyFrame({"name": ["a", "a"], "status": ["passed", "passed"]}).map_batches(changes)
    with pytest.raises(octane.InputError, match="the input changed while it was being read"):
        upload(client, lazy)
    assert not sandbox.runs


def test_texts_of_arrow_that_are_not_utf_8_are_named(client: Client) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    latin = pyarrow.array([b"pr\xfcft", b"b"]).view(pyarrow.string())
    table = pyarrow.table({"name": latin, "status": ["passed", "failed"]})
    with pytest.raises(octane.SchemaError, match="column `name` .* not UTF-8"):
        upload(client, table)


@pytest.mark.parametrize(
    ("results", "message"),
    [
        ({"name": "adds tax", "status": "failed"}, "column `name` is not a list of values, but 'adds tax'"),
        ({"name": ["a", "b"], "status": ["failed"]}, "different lengths: `name` 2, `status` 1"),
        (io.StringIO("a"), "results cannot be an open file"),
    ],
)
def test_what_is_nearly_a_table_is_named(client: Client, results: object, message: str) -> None:
    with pytest.raises(octane.InputError, match=message):
        upload(client, results)


def test_objects_with_slots_are_rows(sandbox: Sandbox, client: Client) -> None:
    class Row:
        __slots__ = ("name", "status")

        def __init__(self, name: str, status: str) -> None:
            self.name, self.status = name, status

    upload(client, [Row("a", "failed")])
    assert [(run.name, run.status) for run in sandbox.runs] == [("a", "failed")]


def test_skipping_all_rows_names_them(client: Client) -> None:
    with pytest.raises(octane.SchemaError) as raised:
        upload(client, [{"name": "a", "status": "mauve"}], skip_invalid=True)
    assert [bad["column"] for bad in raised.value.rows] == ["status"]


def test_a_lazy_frame_without_batches_is_collected(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    polars = pytest.importorskip("polars")
    monkeypatch.delattr(polars.LazyFrame, "collect_batches", raising=False)
    lazy = polars.LazyFrame({"name": ["a"], "status": ["passed"]})
    assert upload(client, lazy).counts.ingested == 1


def test_a_lazy_frame_that_cannot_be_computed_sends_nothing(sandbox: Sandbox, client: Client) -> None:
    polars = pytest.importorskip("polars")
    lazy = polars.LazyFrame({"name": ["a", "b"], "status": ["passed", "passed"]})
    lazy = lazy.with_columns(name=polars.col("name").str.to_integer(strict=True))
    with pytest.raises((octane.OctaneError, polars.exceptions.PolarsError)):
        upload(client, lazy)
    assert sandbox.runs == []


# pyarrow and DuckDB


def test_a_reader_that_was_read_before_has_no_results(client: Client) -> None:
    reader = arrow_reader({"name": ["a"], "status": ["passed"]})
    assert upload(client, reader).counts.ingested == 1
    with pytest.raises(octane.InputError):
        upload(client, reader)


def test_what_a_reader_raises_is_told_and_nothing_is_sent(sandbox: Sandbox, client: Client) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    schema = pyarrow.schema([("name", pyarrow.string()), ("status", pyarrow.string())])

    def batches() -> Any:
        yield pyarrow.record_batch([["a"], ["passed"]], schema=schema)
        raise LookupError("the source is gone")

    reader = pyarrow.RecordBatchReader.from_batches(schema, batches())
    with pytest.raises(octane.InputError, match="the source is gone"):
        upload(client, reader)
    assert sandbox.runs == []


def test_large_views_and_dictionaries_of_arrow_are_texts(client: Client) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table(
        {
            "name": pyarrow.array(["a", "b"], pyarrow.large_string()),
            "status": pyarrow.array(["passed", "passed"], pyarrow.string_view()),
            "class": pyarrow.array(["C", None]).dictionary_encode(),
            "jira": pyarrow.array([["SHOP-101"], None], pyarrow.large_list(pyarrow.string())),
        }
    )
    report = upload(client, table)
    assert report.links is not None and report.links["keys"] == 1


def test_an_interval_of_duckdb_is_a_duration(sandbox: Sandbox, client: Client) -> None:
    duckdb = pytest.importorskip("duckdb")
    relation = duckdb.connect().sql("SELECT 'a' AS name, 'passed' AS status, INTERVAL 1500 MILLISECONDS AS duration")
    upload(client, relation)
    (run,) = sandbox.entities("automated_runs", fields="duration")
    assert run["duration"] == 1500


def test_an_object_with_a_stream_is_enough(client: Client) -> None:
    table = arrow_table({"name": ["a"], "status": ["passed"]})

    class Stream:
        def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
            return table.__arrow_c_stream__(requested_schema)

    assert upload(client, Stream()).counts.ingested == 1


# Reports


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow"])
def test_problems_become_a_frame(sandbox: Sandbox, client: Client, kind: str) -> None:
    sandbox.fail_next(status=400, path="*/test-results", times=1000)
    rows = [{"name": "a", "status": "passed"}, {"name": "b", "status": "failed"}]
    report = client.upload(rows, suite="Nightly", suite_run="nightly-1")
    pytest.importorskip({"arrow": "pyarrow"}.get(kind, kind))
    convert = getattr(report.rejected, f"to_{kind}")
    frame = convert()
    names = frame.column_names if kind == "arrow" else list(frame.columns)
    assert names == ["code", "test", "file", "line", "column", "message"]
    assert [str(value) for value in frame["test"]] == ["a", "b"]
    sandbox.clear_faults()
    empty = getattr(client.upload(rows, suite="Nightly", suite_run="nightly-2").rejected, f"to_{kind}")()
    assert len(empty) == 0
