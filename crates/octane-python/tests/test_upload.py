"""Uploads: results in many shapes, reports, events, resuming."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import json
import pathlib
import pickle
import uuid
import zoneinfo
from collections.abc import Iterator
from typing import Any, NamedTuple

import octane_client as octane
import pytest
from octane_client import Client, Event, Report, _upload
from octane_client.testing import Sandbox

ROWS = [
    {"name": "pays", "status": "passed", "class": "CardTest", "jira": "SHOP-101"},
    {"name": "refunds", "status": "failed", "class": "CardTest", "error_message": "no money"},
    {"name": "ships", "status": "skipped", "class": "ParcelTest", "jira": ["SHOP-102", "SHOP-103"]},
]


def upload(client: Client, results: Any, **options: Any) -> Report:
    return client.upload(results, **{"suite": "Nightly", "suite_run": "nightly-1", "module": "Shop/Basket", **options})


def test_rows_are_uploaded_and_linked(sandbox: Sandbox, client: Client) -> None:
    report = upload(client, ROWS).raise_for_problems()
    assert report.ok and bool(report)
    counts = report.counts
    assert (counts.read, counts.ingested, counts.rejected, counts.invalid, counts.pending) == (3, 3, 0, 0, 0)
    assert (counts.passed, counts.failed, counts.test_skipped) == (1, 1, 1)
    assert report.links is not None and (report.links["keys"], report.links["linked"]) == (3, 2)
    assert {entity["type"] for entity in report.created} == {"application_module", "test_suite"}
    suite_run = client.suite_runs["nightly-1"]
    assert suite_run.id == report.suite_run_id and suite_run.url == report.url
    runs = suite_run.runs()
    assert [(run.name, run.status) for run in runs] == [("pays", "passed"), ("refunds", "failed"), ("ships", "skipped")]
    assert suite_run.runs(skip=2) == runs[2:]
    assert len(sandbox.runs) == 3


def test_links_of_former_jira_keys_are_removed_if_asked_for(client: Client) -> None:
    def linked(key: str, **options: bool) -> tuple[int, int]:
        rows = [{"name": "pays", "status": "passed", "jira": key}]
        links = upload(client, rows, **options).links
        assert links is not None
        return links["linked"], links["removed"]

    assert linked("SHOP-101") == (1, 0)
    assert linked("SHOP-102") == (1, 0)
    assert linked("SHOP-103", unlink_stale=True) == (1, 2)
    with pytest.raises(octane.InputError, match="`unlink_stale` needs the links"):
        upload(client, ROWS, jira="off", unlink_stale=True)


def test_runs_are_linked_and_unlinked_by_jira_keys(client: Client) -> None:
    upload(client, ROWS, jira="off")
    suite_run = client.suite_runs["nightly-1"]
    assert [outcome.changed for outcome in suite_run.link(jira=["SHOP-101", "SHOP-102"])] == [3, 3]
    assert [outcome.changed for outcome in suite_run.unlink(jira="SHOP-102", skip=1)] == [2]
    with pytest.raises(octane.Ambiguous) as raised:
        suite_run.link(jira="SHOP-150")
    assert len(raised.value.candidates) == 2
    with pytest.raises(octane.NotFound, match="NONE-1"):
        suite_run.link(jira="NONE-1")


@dataclasses.dataclass
class Row:
    name: str
    status: str
    duration_s: float = 0.5


class Tuple(NamedTuple):
    name: str
    status: str


class Plain:
    def __init__(self, name: str, status: str) -> None:
        self.name = name
        self.status = status


def generated() -> Iterator[dict[str, str]]:
    yield {"name": "a", "status": "passed"}
    yield {"name": "b", "status": "failed"}


@pytest.mark.parametrize(
    "results",
    [
        [Row("a", "passed"), Row("b", "failed")],
        (Tuple("a", "passed"), Tuple("b", "failed")),
        [Plain("a", "passed"), Plain("b", "failed")],
        [Row("a", "passed"), {"name": "b", "status": "failed"}],
        {"name": ["a", "b"], "status": ["passed", "failed"]},
    ],
    ids=["dataclasses", "named tuples", "objects", "mixed", "columns"],
)
def test_results_may_have_any_shape_that_has_fields(client: Client, results: Any) -> None:
    report = upload(client, results).raise_for_problems()
    assert (report.counts.passed, report.counts.failed) == (1, 1)


def test_fields_may_have_names_that_are_no_texts(client: Client) -> None:
    columns = {"0": "name", "1": "status"}
    report = upload(client, [{0: "a", 1: "failed"}], columns=columns)
    assert (report.counts.ingested, report.counts.failed) == (1, 1)


def test_a_generator_is_read_once(client: Client) -> None:
    assert upload(client, generated()).raise_for_problems().counts.ingested == 2


def test_what_a_generator_raises_is_raised_and_nothing_is_sent(sandbox: Sandbox, client: Client) -> None:
    def failing() -> Iterator[dict[str, str]]:
        yield {"name": "a", "status": "passed"}
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        upload(client, failing())
    assert sandbox.runs == []


def test_report_files_are_found_by_path_and_pattern(client: Client, tmp_path: pathlib.Path) -> None:
    for name in ("one", "two"):
        text = f'<testsuite name="s"><testcase name="{name}" classname="C" time="0.1"/></testsuite>'
        (tmp_path / f"TEST-{name}.xml").write_text(text)
    assert upload(client, tmp_path).raise_for_problems().counts.ingested == 2
    again = upload(client, [str(tmp_path / "TEST-*.xml")], suite_run="nightly-2")
    assert again.raise_for_problems().counts.ingested == 2
    with pytest.raises(octane.InputError):
        upload(client, tmp_path / "missing.xml")


def test_a_report_file_that_breaks_off_is_an_error_with_its_place(client: Client, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "TEST-one.xml"
    path.write_text('<testsuite name="s">\n<testcase name="a" classname="C">')
    with pytest.raises(octane.ReportParseError) as raised:
        upload(client, path)
    assert raised.value.file == str(path) and raised.value.line == 2


class Colour(enum.Enum):
    PASSED = "passed"
    RED = "failed"


class Word(str, enum.Enum):
    OK = "passed"


def test_cells_may_have_any_type_that_their_column_accepts(sandbox: Sandbox, client: Client) -> None:
    zone = datetime.timezone(datetime.timedelta(hours=2))
    moment = datetime.datetime(2025, 4, 30, 10, 0, tzinfo=zone)
    rows = [
        {"name": uuid.UUID(int=7), "status": Colour.PASSED, "duration": datetime.timedelta(milliseconds=1500)},
        {"name": "b", "status": Word.OK, "started": moment, "jira": {"SHOP-102", "SHOP-101"}},
        {"name": 7, "status": "passed", "duration": None, "started": float("nan"), "jira": []},
        {"name": "d", "status": "passed", "started": 1746000000000, "external_id": 4711},
    ]
    upload(client, rows).raise_for_problems()
    runs = {run["name"]: run for run in sandbox.entities("automated_runs", fields="name,duration,started")}
    assert runs[str(uuid.UUID(int=7))]["duration"] == 1500
    assert runs["b"]["started"] == runs["d"]["started"] == "2025-04-30T08:00:00Z"
    assert "7" in runs


def test_numbers_for_a_duration_need_a_unit(sandbox: Sandbox, client: Client) -> None:
    rows = [{"name": "a", "status": "passed", "took": 1.5}, {"name": "b", "status": "passed", "took": decimal.Decimal(2)}]
    columns = {"took": "duration"}
    with pytest.raises(octane.SchemaError, match=r"duration_unit=") as raised:
        upload(client, rows, columns=columns)
    assert [(bad["number"], bad["column"]) for bad in raised.value.rows] == [(1, "took"), (2, "took")]
    upload(client, rows, columns=columns, duration_unit="s")
    upload(client, rows, columns=columns, duration_unit="ms", suite_run="nightly-2")
    durations = sorted(run["duration"] for run in sandbox.entities("automated_runs", fields="duration"))
    assert durations == [2, 2, 1500, 2000]


def test_the_unit_of_durations_is_that_of_a_column_in_any_spelling(sandbox: Sandbox, client: Client) -> None:
    upload(client, [{"name": "a", "status": "passed", "Dura_tion ": 1.5}], duration_unit="s")
    (run,) = sandbox.entities("automated_runs", fields="duration")
    assert run["duration"] == 1500


@pytest.mark.parametrize("column", [{"a", "b"}, frozenset("ab"), {0: "a", 1: "b"}])
def test_columns_without_an_order_of_rows_are_refused(client: Client, column: Any) -> None:
    with pytest.raises(octane.InputError, match="column `name` is a (set|frozenset|dict), whose values are not in the order"):
        upload(client, {"name": column, "status": ["passed", "failed"]})


def test_times_without_a_zone_need_one(sandbox: Sandbox, client: Client) -> None:
    rows = [{"name": "a", "status": "passed", "started": datetime.datetime(2025, 4, 30, 10, 0)}]
    with pytest.raises(octane.SchemaError, match="timezone="):
        upload(client, rows)
    upload(client, rows, timezone="Europe/Berlin").raise_for_problems()
    (run,) = sandbox.entities("automated_runs", fields="started")
    assert run["started"] == "2025-04-30T08:00:00Z"
    with pytest.raises(octane.InputError, match="not a known time zone"):
        upload(client, rows, timezone="Mars/Olympus")


def test_texts_without_a_time_zone_are_warned_of_once(sandbox: Sandbox, client: Client) -> None:
    rows = [{"name": name, "status": "passed", "started": "2025-04-30T10:00:00"} for name in ("a", "b")]
    (warning,) = upload(client, rows).warnings
    assert warning.code == "no_time_zone"
    assert "2025-04-30T10:00:00" in warning.message and "timezone=" in warning.message
    assert not upload(client, rows, timezone="Europe/Berlin").warnings


@pytest.mark.parametrize(
    ("zone", "started"),
    [
        ("Europe/Berlin", "2025-07-01T00:30:00Z"),
        (zoneinfo.ZoneInfo("America/New_York"), "2025-07-01T06:30:00Z"),
        (datetime.timezone.utc, "2025-07-01T02:30:00Z"),
        (datetime.timezone(datetime.timedelta(hours=-3, minutes=-30)), "2025-07-01T06:00:00Z"),
        ("+05:30", "2025-06-30T21:00:00Z"),
    ],
    ids=str,
)
def test_a_time_zone_is_a_name_an_offset_or_an_object(
    sandbox: Sandbox, client: Client, zone: str | datetime.tzinfo, started: str
) -> None:
    rows = [{"name": "a", "status": "passed", "started": datetime.datetime(2025, 7, 1, 2, 30)}]
    upload(client, rows, timezone=zone)
    assert [run.started for run in sandbox.runs] == [started]


@pytest.mark.parametrize("day", [datetime.date(2025, 3, 30), datetime.date(2025, 10, 26)])
def test_a_time_that_does_not_exist_or_exists_twice_is_an_error(client: Client, day: datetime.date) -> None:
    started = datetime.datetime.combine(day, datetime.time(2, 30))
    rows = [{"name": "a", "status": "passed", "started": started}]
    with pytest.raises(octane.SchemaError, match="the clocks changed"):
        upload(client, rows, timezone="Europe/Berlin")
    aware = [{**rows[0], "started": started.replace(tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"))}]
    assert upload(client, aware).ok


def test_all_bad_cells_are_listed_before_anything_is_sent(sandbox: Sandbox, client: Client) -> None:
    rows = [
        {"name": "a", "status": "passd", "duration": object()},
        {"name": "", "status": "passed"},
        {"name": "c", "status": "passed"},
    ]
    sandbox.clear_requests()
    with pytest.raises(octane.SchemaError) as raised:
        upload(client, rows)
    places = [(bad["number"], bad["column"]) for bad in raised.value.rows]
    assert sorted(places) == [(1, "duration"), (1, "status"), (2, "name")]
    assert "did you mean `passed`?" in str(raised.value)
    assert sandbox.requests == []
    report = upload(client, rows, skip_invalid=True)
    assert (report.outcome, report.counts.ingested, report.counts.invalid) == ("partial", 1, 2)
    assert len(report.invalid) == 2


def test_columns_are_mapped_ignored_and_refused(client: Client) -> None:
    rows = [{"Test Name": "a", "Result": "ok", "Owner": "me"}]
    columns: dict[str, str | None] = {"Test Name": "name", "Result": "status"}
    report = upload(client, rows, columns=columns)
    assert [warning.code for warning in report.warnings] == ["unused_column"]
    assert not upload(client, rows, columns=columns, extra="ignore").warnings
    assert not upload(client, rows, columns={**columns, "Owner": None}, extra="forbid").warnings
    with pytest.raises(octane.InputError, match="`Owner`"):
        upload(client, rows, columns=columns, extra="forbid")
    with pytest.raises(octane.SchemaError, match="no column `Reslt`"):
        upload(client, rows, columns={**columns, "Reslt": "status"})
    with pytest.raises(octane.InputError, match="unknown field"):
        upload(client, rows, columns={"Test Name": "nome"})


def test_words_for_a_status_can_be_mapped(client: Client) -> None:
    rows = [{"name": "a", "status": "yellow"}]
    with pytest.raises(octane.SchemaError, match=r'status_map=\{"yellow"'):
        upload(client, rows)
    assert upload(client, rows, status_map={"yellow": "failed"}).counts.failed == 1


def test_a_word_for_a_status_has_one_meaning(client: Client) -> None:
    rows = [{"name": "a", "status": "In progress"}]
    same = {"in progress": "failed", "IN_PROGRESS": "Failed", "progress": "passed"}
    assert upload(client, rows, status_map=same).counts.failed == 1
    message = "`in progress` and `In_Progress` are the same word, mapped to failed and passed"
    with pytest.raises(octane.InputError, match=message):
        upload(client, rows, status_map={"in progress": "failed", "In_Progress": "passed"})


def test_a_lone_surrogate_and_a_time_that_is_too_late_are_named(client: Client) -> None:
    late = datetime.datetime(9999, 12, 31, tzinfo=datetime.timezone.utc)
    with pytest.raises(octane.SchemaError) as raised:
        upload(client, [{"name": "a\udc80", "status": "passed", "started": late}])
    name, started = raised.value.rows
    assert name["message"].endswith("contains a lone surrogate, which is not valid Unicode")
    assert "file" not in name["hint"]
    assert "datetime later than 9999-12-30 22:00 UTC" in started["message"]


def test_no_results_are_an_error_unless_that_is_allowed(client: Client) -> None:
    with pytest.raises(octane.InputError, match="no results"):
        upload(client, [])
    assert upload(client, {"name": [], "status": []}, allow_empty=True).counts.read == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"create": "always"}, "`always` is not a valid `create`"),
        ({"jira": "on"}, "`on` is not a valid `jira`"),
        ({"wait": -1}, "`wait` must be"),
        ({"dialect": "other"}, "`other` is not a valid `dialect`"),
        ({"reruns": "first"}, "`first` is not a valid `reruns`"),
        ({"gherkin": "files"}, "`files` is not a valid `gherkin`"),
        ({"gherkin": "features", "skip_invalid": True}, "needs all scenarios"),
        ({"gherkin": "features", "dialect": "evidence"}, "needs the dialect `standard`"),
        ({"duration_unit": "m"}, "`m` is not a valid `duration_unit`"),
        ({"suite": ""}, "name is empty"),
        ({"module": True}, "not a valid module ID"),
        ({"fields": {"Colour": "red"}}, "`fields`: unknown test field `Colour`\nhint: .*`Framework`"),
        ({"batch_size": -1}, "`batch_size` must be a whole number, 1 or more, got -1"),
        ({"batch_size": "10"}, "`batch_size` must be a whole number, 1 or more, got '10'"),
        ({"batch_size": 10.0}, "`batch_size` must be a whole number, 1 or more, got 10.0"),
        ({"batch_size": 0}, "`batch_size` must be a whole number, 1 or more, got 0"),
        ({"batch_bytes": 2**70}, "`batch_bytes` must be a whole number"),
        ({"batches_in_flight": True}, "`batches_in_flight` must be a whole number"),
        ({"skip_invalid": "false"}, "`skip_invalid` must be True or False, got 'false'"),
        ({"unlink_stale": 1}, "`unlink_stale` must be True or False, got 1"),
        ({"duration_unit": 5}, "`5` is not a valid `duration_unit`; use `ms` or `s`"),
        ({"wait": "5"}, "`wait` must be True, False, a number of seconds or a timedelta, got '5'"),
        ({"wait": None}, "`wait` must be True, False, a number of seconds or a timedelta, got None"),
        ({"wait": float("inf")}, "`wait` must be True, False, a number of seconds or a timedelta, got inf"),
        ({"timezone": 5}, "`timezone` must be a name, an offset or a tzinfo, got 5"),
        ({"columns": ["name"]}, "`columns` must be a mapping, got"),
        ({"columns": {"a": 5}}, "`columns`: unknown field `5`"),
        ({"status_map": {"a": 5}}, "`status_map`: the status of `a` must be"),
        ({"tags": "OS:Linux"}, "`tags` must be a mapping or pairs of texts, got 'OS:Linux'"),
        ({"tags": ["OS:Linux"]}, "`tags` must be a mapping or pairs of texts, got"),
        ({"fields": {"Framework": None}}, "`fields` must be a text, got None"),
        ({"jira_from": "title"}, "`jira_from`: unknown source `title`\nhint: use `property`"),
        ({"jira_from": 5}, "`jira_from` must be texts, got 5"),
        ({"release": 1.5}, "`1.5` is not a valid release ID"),
        ({"backlog_items": None}, "`None` is not a valid backlog item ID"),
        ({"on_progress": 5}, "`on_progress` must be a function, got 5"),
        ({"suite_run": None}, "`suite_run` must be a text, got None"),
        ({"suite_run": float("nan")}, "`suite_run` must be a text, got nan"),
        ({"suite_run": b"nightly"}, "`suite_run` must be a text, got b'nightly'"),
        ({"suite_run": object}, "`suite_run` must be a text, got"),
        ({"suite_run": ["nightly"]}, "`suite_run` must be a text, got"),
    ],
)
def test_an_option_that_is_wrong_is_named(client: Client, options: dict[str, Any], message: str) -> None:
    with pytest.raises(octane.InputError, match=message):
        upload(client, ROWS, **options)


def test_the_name_of_a_suite_run_may_be_a_number_or_a_date(client: Client) -> None:
    for name in (4711, 1.5, uuid.UUID(int=7), datetime.date(2025, 4, 30), Word.OK):
        upload(client, ROWS, suite_run=name).raise_for_problems()
    names = {suite_run.name for suite_run in client.suite_runs.list()}
    assert {"4711", "1.5", str(uuid.UUID(int=7)), "2025-04-30", "passed"} <= names


def test_a_lone_id_is_one_item(client: Client) -> None:
    story = client.stories.resolve("SHOP-101")["SHOP-101"][0]
    for item in (story, story.id, str(story.id), {"id": str(story.id)}):
        upload(client, ROWS, backlog_items=item).raise_for_problems()
    run = client.suite_runs["nightly-1"].runs()[-1]
    assert client.runs.link(story, str(run.id)).failed == ()
    assert client.runs.unlink(str(story.id), run).changed == 1


def test_what_is_left_out_and_looked_up_is_checked(client: Client) -> None:
    upload(client, ROWS, jira="off")
    suite_run = client.suite_runs["nightly-1"]
    calls = {
        "`skip` must be a whole number, 0 or more, got -1": lambda: suite_run.link(jira="SHOP-101", skip=-1),
        "`skip` must be a whole number, 0 or more, got 'x'": lambda: suite_run.runs(skip="x"),  # type: ignore[arg-type]
        "`keys` must be a text, got None": lambda: client.stories.resolve([None]),  # type: ignore[list-item]
        "`path` must be a text, got nan": lambda: client.modules.ensure(float("nan")),  # type: ignore[arg-type]
        "`name` must be a text, got None": lambda: client.suites.create(None),  # type: ignore[arg-type]
    }
    for message, call in calls.items():
        with pytest.raises(octane.InputError, match=message):
            call()


def test_the_scenarios_of_a_feature_are_one_run(tmp_path: pathlib.Path, sandbox: Sandbox, client: Client) -> None:
    report_file = tmp_path / "cucumber.json"
    elements = [
        {
            "type": "scenario",
            "name": name,
            "line": line,
            "start_timestamp": "2026-11-28T05:00:00.000Z",
            "steps": [{"keyword": "When ", "name": "I act", "result": {"status": status, "duration": 1}}],
        }
        for line, (name, status) in enumerate([("adds", "passed"), ("pays", "failed")], start=3)
    ]
    feature = {"uri": "cart.feature", "name": "Cart", "keyword": "Feature", "elements": elements}
    report_file.write_text(json.dumps([feature]))
    report = upload(client, report_file, gherkin="features").raise_for_problems()
    counts = report.counts
    assert (counts.read, counts.ingested, counts.passed, counts.failed) == (2, 2, 1, 1)
    assert (counts.runs, counts.features, counts.scenarios) == (1, 1, 2)
    suite_run = client.suite_runs.get(report.suite_run_id)
    (run,) = suite_run.runs()
    assert (run.name, run.status) == ("Cart", "failed")
    assert sandbox.runs == client.runs.list(suite_run) == [run] and suite_run.runs(skip=1) == []
    assert client.runs.get(run) == run
    with pytest.raises(octane.NotFound, match="no automated run with ID 99999"):
        client.runs.get(99999)
    assert [outcome.changed for outcome in suite_run.link(jira="SHOP-101")] == [1]
    assert [outcome.changed for outcome in suite_run.unlink(jira="SHOP-101")] == [1]


def test_a_missing_suite_is_created_only_if_that_is_allowed(client: Client) -> None:
    with pytest.raises(octane.NotFound, match="test suite `Nightly` does not exist"):
        upload(client, ROWS, module=None, create="never")
    client.suites.create("Nightly")
    upload(client, ROWS, module=None, create="never").raise_for_problems()


def test_rejected_results_are_a_table(sandbox: Sandbox, client: Client) -> None:
    sandbox.fail_next(status=400, path="*/test-results", times=1000)
    report = upload(client, ROWS)
    assert (report.outcome, report.counts.rejected) == ("refused", 3)
    assert not report
    assert {problem.test for problem in report.rejected} == {"CardTest.pays", "CardTest.refunds", "ParcelTest.ships"}
    assert len(report.rejected.to_dict()["message"]) == 3
    with pytest.raises(octane.PartialUploadError) as raised:
        report.raise_for_problems()
    assert raised.value.report == report
    assert pickle.loads(pickle.dumps(raised.value)).report == report


def test_a_problem_names_its_place_once(client: Client) -> None:
    report = upload(client, [*ROWS, {"name": "a", "status": "mauve"}], skip_invalid=True)
    (problem,) = report.problems
    assert str(problem).startswith("rows:4: column `status`: `mauve` is not a valid status")
    (flaky,) = upload(client, [{"name": "a", "status": word} for word in ("failed", "passed")]).problems
    assert str(flaky) == "rows:2: a: 1 of 2 results failed; the run shows `failed`"


def test_a_part_of_the_problems_are_problems(client: Client) -> None:
    rows = [{"name": str(number), "status": "mauve"} for number in range(3)]
    problems = upload(client, [*ROWS, *rows], skip_invalid=True).problems
    assert problems[1:] == octane.Problems([problems[1], problems[2]])
    assert problems[:-1].to_dict()["line"] == [4, 5]


def test_progress_is_reported_and_names_the_upload(client: Client) -> None:
    events: list[Event] = []
    report = upload(client, ROWS, on_progress=events.append)
    assert {event.upload_id for event in events} == {report.upload_id}
    kinds = [event.kind for event in events]
    assert kinds[0] == "prepared" and "accepted" in kinds and kinds[-1] == "linked"
    assert str(events[0]) == f"upload {report.upload_id}: 3 results in 1 batch"


def test_progress_that_raises_stops_the_upload_and_is_raised(
    sandbox: Sandbox, tmp_path: pathlib.Path
) -> None:
    def refuse(event: Event) -> None:
        if event.kind == "prepared":
            raise LookupError("stop it")

    with sandbox.client(spool=tmp_path) as client:
        with pytest.raises(LookupError, match="stop it") as raised:
            upload(client, ROWS, on_progress=refuse)
        (stored,) = client.uploads.list()
        assert f'client.uploads.resume("{stored.id}")' in raised.value.__notes__[0]
        report = client.uploads.resume(stored.id)
        assert report.ok and report.counts.ingested == 3
    assert len(sandbox.runs) == 3


def test_an_upload_is_stored_resumed_and_deleted(sandbox: Sandbox, tmp_path: pathlib.Path) -> None:
    with sandbox.client(spool=tmp_path, retries=0) as client:
        sandbox.fail_next(status=500, path="*/test-results", times=1)
        report = upload(client, ROWS)
        assert (report.outcome, report.counts.pending, report.is_resumable) == ("unreachable", 3, True)
        (stored,) = client.uploads.list()
        assert (stored.id, stored.state, stored.counts.pending) == (report.upload_id, "pending", 3)
        resumed = client.uploads.resume(stored.id)
        assert resumed.ok and resumed.upload_id == report.upload_id
        assert client.uploads.get(stored.id).state == "finished"
        client.uploads.delete(stored.id)
        assert client.uploads.list() == []
        with pytest.raises(octane.NotFound):
            client.uploads.get(stored.id)
        with pytest.raises(octane.InputError, match="not a valid upload ID"):
            client.uploads.get("7")


def test_what_cannot_begin_now_is_stored(tmp_path: pathlib.Path) -> None:
    with Client(
        "http://127.0.0.1:9/ui/?p=1/2", client_id="i", secret="s", retries=0, proxy="direct", spool=tmp_path
    ) as client:
        with pytest.raises(octane.ConnectError) as raised:
            upload(client, ROWS)
        (stored,) = client.uploads.list()
        assert raised.value.upload_id == stored.id  # type: ignore[attr-defined]
        assert "client.uploads.resume" in str(raised.value.hint)


def test_a_client_that_stores_nothing_says_so(client: Client) -> None:
    assert client.uploads.list() == []
    for ask in (client.uploads.get, client.uploads.problems, client.uploads.delete, client.uploads.resume):
        with pytest.raises(octane.NotFound, match="stores no uploads") as raised:
            ask("u-1m8gqpg9ngsjrx")
        assert raised.value.hint == "give `spool=`"


def test_payloads_are_rendered_for_a_benchmark_without_being_sent(sandbox: Sandbox, client: Client) -> None:
    rendered = _upload.upload(client._core, ROWS, suite="Nightly", suite_run="nightly-1", batch_size=2, _render=True).wait()
    assert rendered["payloads"] == 2 and rendered["bytes"] > 0
    assert sandbox.runs == []
