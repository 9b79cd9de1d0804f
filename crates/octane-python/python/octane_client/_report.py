"""What an upload did."""

from __future__ import annotations

from octane_client._entities import Record
from octane_client.errors import PartialUploadError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any, overload
else:

    def overload(function):
        return function


__all__ = ["Counts", "Event", "Problem", "Problems", "Report", "Upload"]


class Event(Record):
    """Something that happened in an upload."""

    __slots__ = ("data", "kind", "message", "upload_id")
    kind: str
    """``prepared``, ``accepted``, ``split``, ``refused``, ``ended``, ``waiting``, ``reading``, ``verified``, ``resending``,
    ``resolved``, ``linking`` or ``linked``; there may be more."""
    upload_id: str
    message: str
    """One sentence for people."""
    data: Mapping[str, Any]
    """What belongs to this kind, such as ``batch``."""

    def __str__(self) -> str:
        return self.message


class Counts(Record):
    """How many results there are, and what became of them: ``read = ingested + rejected + invalid + pending``."""

    __slots__ = (
        "duplicate",
        "failed",
        "features",
        "flaky",
        "ingested",
        "invalid",
        "named",
        "passed",
        "pending",
        "planned",
        "read",
        "rejected",
        "repaired",
        "repeats",
        "runs",
        "scenarios",
        "sent",
        "test_skipped",
    )
    read: int
    """Read from the input, usable or not."""
    sent: int
    """Accepted by the server."""
    ingested: int
    """Confirmed to be in Octane."""
    duplicate: int
    """Of those: Octane had received them before."""
    rejected: int
    """Octane did not accept them."""
    invalid: int
    """Not usable, and not sent."""
    pending: int
    """Not sent or not confirmed yet."""
    runs: int
    """Distinct automated runs."""
    passed: int
    failed: int
    test_skipped: int
    planned: int
    repeats: int
    flaky: int
    named: int
    features: int
    """Runs of features, each of which stands for all of its scenarios."""
    scenarios: int
    """The scenarios that they show."""
    repaired: int


class Problem(Record):
    """Something that is not as it should be."""

    __slots__ = ("code", "column", "file", "line", "message", "test")
    code: str
    """A word that does not change, such as ``rejected``."""
    test: str | None
    file: str | None
    line: int | None
    """The line; of a table, the number of the row, counted from 1."""
    column: int | None
    message: str

    @classmethod
    def _of(cls, problem: Mapping[str, Any]) -> Problem:
        return cls(**{name: problem[name] for name in cls._fields})

    def __str__(self) -> str:
        place = self.file or ""
        if self.file is not None and self.line is not None:
            place = f"{self.file}:{self.line}"
        if self.message.startswith(self.file or place):
            # What is invalid says where it is, with the name of its row.
            place = ""
        return ": ".join(part for part in (place, self.test, self.message) if part)


class Problems:
    """Problems: a sequence, which can become a table."""

    __slots__ = ("_problems",)

    def __init__(self, problems: Sequence[Problem]) -> None:
        self._problems = tuple(problems)

    def __len__(self) -> int:
        return len(self._problems)

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._problems)

    @overload
    def __getitem__(self, index: int) -> Problem: ...

    @overload
    def __getitem__(self, index: slice) -> Problems: ...

    def __getitem__(self, index: int | slice) -> Problem | Problems:
        return Problems(self._problems[index]) if isinstance(index, slice) else self._problems[index]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Problems):
            return self._problems == other._problems
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self._problems)

    def __repr__(self) -> str:
        return f"Problems({list(self._problems)!r})"

    def _where(self, keep: Callable[[Problem], bool]) -> Problems:
        return Problems([problem for problem in self._problems if keep(problem)])

    def to_dict(self) -> dict[str, list[Any]]:
        """The columns, each with its values."""
        return {name: [getattr(problem, name) for problem in self._problems] for name in COLUMNS}

    def to_pandas(self) -> Any:
        """A pandas DataFrame."""
        import pandas

        frame = pandas.DataFrame(self.to_dict(), columns=list(COLUMNS))
        return frame.astype({name: "Int64" for name in NUMBERS})

    def to_polars(self) -> Any:
        """A polars DataFrame."""
        import polars

        schema = {name: polars.Int64 if name in NUMBERS else polars.String for name in COLUMNS}
        return polars.DataFrame(self.to_dict(), schema=schema)

    def to_arrow(self) -> Any:
        """A pyarrow Table."""
        import pyarrow

        fields = [(name, pyarrow.int64() if name in NUMBERS else pyarrow.string()) for name in COLUMNS]
        return pyarrow.table(self.to_dict(), schema=pyarrow.schema(fields))


COLUMNS = ("code", "test", "file", "line", "column", "message")
NUMBERS = ("line", "column")


class Report:
    """What an upload did, in numbers that add up."""

    __slots__ = ("_report", "counts", "problems", "warnings")
    counts: Counts
    problems: Problems
    """Everything that is not as it should be."""
    warnings: Problems
    """What is unusual about the input, and prevented nothing."""

    def __init__(self, report: Mapping[str, Any]) -> None:
        self._report = report
        self.counts = Counts(**report["counts"])
        self.problems = Problems([Problem._of(problem) for problem in report["problems"]])
        self.warnings = Problems([Problem._of(problem) for problem in report["warnings"]])

    @property
    def upload_id(self) -> str:
        """The ID of the upload, by which it can be resumed."""
        return str(self._report["upload_id"])

    @property
    def outcome(self) -> str:
        """``success``, ``partial``, ``refused``, ``unauthorized``, ``unreachable``, ``links_incomplete`` or ``interrupted``."""
        return str(self._report["outcome"])

    @property
    def ok(self) -> bool:
        """Whether every result is in Octane, and linked as asked."""
        return self.outcome == "success"

    @property
    def is_resumable(self) -> bool:
        """Whether ``client.uploads.resume(report.upload_id)`` may get further."""
        return bool(self._report["is_resumable"])

    @property
    def url(self) -> str | None:
        """The page of the suite run in Octane."""
        url: str | None = self._report["target"]["url"]
        return url

    @property
    def suite_run_id(self) -> int | None:
        """The suite run; ``None`` as long as the server has not created it, and for a payload that names none."""
        suite_run = self._report["target"]["suite_run"]
        return None if suite_run is None or suite_run["id"] is None else int(suite_run["id"])

    @property
    def suite_id(self) -> int | None:
        """The test suite; ``None`` for a payload that names none."""
        suite = self._report["target"]["suite"]
        return None if suite is None else int(suite["id"])

    @property
    def module_id(self) -> int | None:
        """The module, where one was given."""
        module = self._report["target"]["module"]
        return None if module is None else int(module["id"])

    @property
    def links(self) -> Mapping[str, Any] | None:
        """What was linked: ``keys``, ``stories``, ``linked``, ``removed``, ``unknown``, ``ambiguous`` and more; ``None`` if that was
        not asked for."""
        links: Mapping[str, Any] | None = self._report["links"]
        return links

    @property
    def created(self) -> Sequence[Mapping[str, Any]]:
        """What was created on the way: ``type``, ``id`` and ``name``."""
        created: Sequence[Mapping[str, Any]] = self._report["created"]
        return created

    @property
    def batches(self) -> Sequence[Mapping[str, Any]]:
        """The batches in which the results were sent."""
        batches: Sequence[Mapping[str, Any]] = self._report["batches"]
        return batches

    @property
    def rejected(self) -> Problems:
        """The results that Octane did not accept, each with its reason."""
        return self.problems._where(lambda problem: problem.code == "rejected")

    @property
    def invalid(self) -> Problems:
        """The rows and files that could not be used."""
        return self.problems._where(lambda problem: problem.code in ("invalid_row", "unreadable"))

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON has it: ``octane.upload/1``."""
        return dict(self._report)

    def raise_for_problems(self) -> Report:
        """Raises :class:`PartialUploadError` unless everything is in; returns the report."""
        if self.ok:
            return self
        hint = None
        if self.is_resumable:
            hint = f'to continue: client.uploads.resume("{self.upload_id}")'
        lines = [str(self), *(f"  {problem}" for problem in self.problems._problems[:5])]
        if len(self.problems) > 5:
            lines.append(f"  and {len(self.problems) - 5} more")
        raise PartialUploadError("\n".join(lines), report=self, hint=hint)

    def __bool__(self) -> bool:
        return self.ok

    def __eq__(self, other: object) -> bool:
        return self._report == other._report if isinstance(other, Report) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.upload_id)

    def __reduce__(self) -> tuple[Any, ...]:
        return Report, (self._report,)

    def __str__(self) -> str:
        counts = self.counts
        return (
            f"upload {self.upload_id} ended as {self.outcome}: {counts.ingested} of {counts.read} ingested, "
            f"{counts.rejected} rejected, {counts.invalid} invalid, {counts.pending} pending"
        )

    def __repr__(self) -> str:
        return f"<Report {self}>"


class Upload(Record):
    """How far an upload is that is stored on this machine."""

    __slots__ = ("counts", "created_at", "id", "outcome", "server", "state", "suite", "suite_run")
    id: str
    created_at: str
    server: str
    suite: str
    suite_run: str
    counts: Counts
    state: str
    """``in_progress``, ``pending``, ``finished`` or ``finished_incomplete``."""
    outcome: str | None
    """How the last attempt ended."""

    @classmethod
    def _of(cls, upload: Mapping[str, Any]) -> Upload:
        fields = {name: upload[name] for name in cls._fields}
        return cls(**{**fields, "counts": Counts(**upload["counts"])})

