"""Every operation once, for the blocking and the asynchronous client."""

from __future__ import annotations

from octane_client import _core
from octane_client._call import Call, nothing, same
from octane_client._entities import LinkOutcome, Module, Run, Story, Suite, SuiteRun
from octane_client._given import count, text, texts
from octane_client._ids import entity_id, entity_ids, optional_id
from octane_client._report import Problem, Problems, Upload
from octane_client.errors import Cancelled, InputError, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeVar

    from octane_client._ids import EntityLike
    from typing_extensions import Self

    T = TypeVar("T")


def optional(convert: Callable[[Any], T]) -> Callable[[Any], T | None]:
    """Converts what is not ``None``."""
    return lambda entity: None if entity is None else convert(entity)


def each(convert: Callable[[Any], T]) -> Callable[[Any], list[T]]:
    """Converts all items."""
    return lambda entities: [convert(entity) for entity in entities]


class Response:
    """The response to a request of :meth:`Client.api`."""

    __slots__ = ("body", "content_type", "status")
    status: int
    content_type: str
    body: bytes

    def __init__(self, status: int, content_type: str, body: bytes) -> None:
        self.status = status
        self.content_type = content_type
        self.body = body

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The body as a text."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body, parsed; ``None`` if it is empty."""
        import json

        return json.loads(self.body) if self.body.strip() else None

    def __repr__(self) -> str:
        return f"<Response {self.status} {self.content_type} ({len(self.body)} bytes)>"


class Core:
    """The native client and what belongs to it."""

    __slots__ = ("_client", "spool")
    _client: _core.Client | None
    spool: str | None

    def __init__(self, client: _core.Client, spool: str | None) -> None:
        self._client = client
        self.spool = spool

    @property
    def client(self) -> _core.Client:
        """The native client, unless it was closed."""
        if self._client is None:
            raise Cancelled("the client is closed")
        return self._client

    @property
    def address(self) -> str:
        """The server, the shared space and the workspace."""
        if self._client is None:
            return "(closed)"
        url, space, workspace = self._client.address()
        return f"{url} {space}/{workspace}"

    def close(self) -> None:
        """Makes further calls fail."""
        self._client = None

    # Any request

    def api(self, method: str, path: str, json: Any, data: str | bytes | None, content_type: str | None) -> Call[Response]:
        body = None
        if json is not None:
            if data is not None:
                raise InputError("give `json` or `data`, not both")
            from json import dumps

            body, content_type = dumps(json).encode(), content_type or "application/json"
        elif data is not None:
            body = data.encode() if isinstance(data, str) else bytes(data)
            content_type = content_type or "application/octet-stream"
        task = self.client.call(method.upper(), path, content_type, body)
        return Call(task, lambda response: Response(*response))

    def sign_in(self) -> Call[None]:
        return Call(self.client.sign_in(), nothing)

    # Modules

    def find_module(self, name: str, parent: EntityLike | None) -> Call[Module | None]:
        name = text(name, "name")
        if "/" in name and parent is None:
            return Call(self.client.find_module_path(name), optional(Module._of))
        return Call(self.client.find_module(name, optional_id(parent, "module ID")), optional(Module._of))

    def get_module(self, id: EntityLike) -> Call[Module]:
        return Call(self.client.get_module(entity_id(id, "module ID")), Module._of)

    def root_module(self) -> Call[Module]:
        return Call(self.client.root_module(), Module._of)

    def list_modules(self, parent: EntityLike | None) -> Call[list[Module]]:
        return Call(self.client.list_modules(optional_id(parent, "module ID"), None, True), each(Module._of))

    def create_module(self, name: str, parent: EntityLike | None) -> Call[Module]:
        return Call(self.client.create_module(text(name, "name"), optional_id(parent, "module ID")), Module._of)

    def ensure_module(self, path: str) -> Call[Module]:
        return Call(self.client.ensure_module(text(path, "path")), Module._of)

    # Suites

    def find_suite(self, name: str, module: EntityLike | None) -> Call[Suite | None]:
        return Call(self.client.find_suite(text(name, "name"), optional_id(module, "module ID")), optional(Suite._of))

    def get_suite(self, id: EntityLike) -> Call[Suite]:
        return Call(self.client.get_suite(entity_id(id, "suite ID")), Suite._of)

    def list_suites(self, module: EntityLike | None) -> Call[list[Suite]]:
        return Call(self.client.list_suites(optional_id(module, "module ID")), each(Suite._of))

    def create_suite(self, name: str, module: EntityLike | None) -> Call[Suite]:
        return Call(self.client.create_suite(text(name, "name"), optional_id(module, "module ID")), Suite._of)

    def ensure_suite(self, name: str, module: EntityLike | None) -> Call[Suite]:
        return Call(self.client.ensure_suite(text(name, "name"), optional_id(module, "module ID")), Suite._of)

    # Suite runs and runs

    def _suite_run(self, entity: Any) -> SuiteRun:
        return SuiteRun._of(entity, self.client.suite_run_url(int(entity["id"])))

    def find_suite_run(self, name: str, suite: EntityLike | None) -> Call[SuiteRun | None]:
        task = self.client.find_suite_run(text(name, "name"), optional_id(suite, "suite ID"))
        return Call(task, optional(self._suite_run))

    def named_suite_run(self, name: str) -> Call[SuiteRun]:
        def found(entity: Any) -> SuiteRun:
            if entity is None:
                raise NotFound(
                    f"no suite run named `{name}` in this workspace", hint="`suite_runs.list()` lists all suite runs"
                )
            return self._suite_run(entity)

        return Call(self.client.find_suite_run(text(name, "name")), found)

    def get_suite_run(self, id: EntityLike) -> Call[SuiteRun]:
        return Call(self.client.get_suite_run(entity_id(id, "suite run ID")), self._suite_run)

    def list_suite_runs(self, suite: EntityLike | None) -> Call[list[SuiteRun]]:
        return Call(self.client.list_suite_runs(optional_id(suite, "suite ID")), each(self._suite_run))

    def create_suite_run(self, name: str, suite: EntityLike, release: EntityLike | None) -> Call[SuiteRun]:
        ids = entity_id(suite, "suite ID"), optional_id(release, "release ID")
        return Call(self.client.create_suite_run(text(name, "name"), *ids), self._suite_run)

    def ensure_suite_run(self, name: str, suite: EntityLike, release: EntityLike | None) -> Call[SuiteRun]:
        ids = entity_id(suite, "suite ID"), optional_id(release, "release ID")
        return Call(self.client.ensure_suite_run(text(name, "name"), *ids), self._suite_run)

    def list_runs(self, suite_run: EntityLike, skip: int) -> Call[list[Run]]:
        return Call(self.client.list_runs(entity_id(suite_run, "suite run ID"), count(skip, "skip"), True), each(Run._of))

    def get_run(self, id: EntityLike) -> Call[Run]:
        return Call(self.client.get_run(entity_id(id, "run ID")), Run._of)

    # Stories

    def resolve(self, keys: Iterable[str]) -> Call[dict[str, list[Story]]]:
        task = self.client.resolve_jira(texts(keys, "keys"))
        return Call(task, lambda found: {key: [Story._of(item) for item in items] for key, items in found.items()})

    def link(self, story: EntityLike, runs: EntityLike | Iterable[EntityLike]) -> Call[LinkOutcome]:
        ids = entity_ids(runs, "run ID")
        return Call(self.client.link(entity_id(story, "story ID"), ids), LinkOutcome._of)

    def unlink(self, story: EntityLike, runs: EntityLike | Iterable[EntityLike]) -> Call[LinkOutcome]:
        ids = entity_ids(runs, "run ID")
        return Call(self.client.unlink(entity_id(story, "story ID"), ids), LinkOutcome._of)

    def jira_field(self) -> Call[str]:
        return Call(self.client.jira_field(), same)

    # Stored uploads

    def list_uploads(self) -> Call[list[Upload]]:
        return Call(_core.list_uploads(self.spool), each(Upload._of))

    def stored(self, id: str) -> str:
        """The ID of an upload, which has to be stored somewhere."""
        if self.spool is None:
            raise NotFound(f"upload `{id}` is not stored: this client stores no uploads", hint="give `spool=`")
        return text(id, "id")

    def get_upload(self, id: str) -> Call[Upload]:
        return Call(_core.get_upload(self.stored(id), self.spool), lambda found: Upload._of(found["summary"]))

    def upload_problems(self, id: str) -> Call[Problems]:
        task = _core.get_upload(self.stored(id), self.spool)
        return Call(task, lambda found: Problems([Problem._of(problem) for problem in found["problems"]]))

    def delete_upload(self, id: str) -> Call[None]:
        return Call(_core.delete_upload(self.stored(id), self.spool), nothing)


class Connected(SuiteRun):
    """A suite run that knows its client. Elsewhere, in a copy or in another process, it is a plain :class:`SuiteRun`."""

    __slots__ = ("_core",)
    _core: Core

    @classmethod
    def _connect(cls, suite_run: SuiteRun, core: Core) -> Self:
        connected = cls(**suite_run.to_dict())
        object.__setattr__(connected, "_core", core)
        return connected

    def __reduce__(self) -> tuple[Any, ...]:
        return SuiteRun(**self.to_dict()).__reduce__()

    def __repr__(self) -> str:
        return repr(SuiteRun(**self.to_dict()))


def target(story: EntityLike | None, jira: str | Iterable[str] | None) -> tuple[list[EntityLike], list[str]]:
    """What to link to: stories, or Jira keys."""
    if (story is None) == (jira is None):
        raise InputError("give a story or Jira keys")
    if story is not None:
        return [story], []
    keys = texts(jira, "jira")
    if not all(key.strip() for key in keys):
        raise InputError("a Jira key is empty")
    return [], keys


def one_story(found: dict[str, list[Story]], key: str) -> Story:
    """The only story of a Jira key."""
    from octane_client.errors import Ambiguous

    stories = found.get(key.strip(), [])
    if not stories:
        raise NotFound(f"Jira key {key} matches no backlog item")
    if len(stories) > 1:
        ids = [str(story.id) for story in stories]
        raise Ambiguous(
            f"Jira key {key} matches several backlog items: {', '.join(ids)}",
            candidates=ids,
            hint="link to one of them by its ID",
        )
    return stories[0]

