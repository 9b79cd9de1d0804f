"""Operations of the native part, which are waited for here or awaited."""

from __future__ import annotations

from octane_client import _log

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import Any, Generic, TypeVar

    from octane_client import _core

    T = TypeVar("T")
else:

    class Generic:
        def __class_getitem__(cls, item: object) -> type:
            return cls

    T = None


class Call(Generic[T]):
    """An operation that has not started, and what becomes of its result."""

    __slots__ = ("_convert", "_task", "on_event")
    _task: _core.Task
    _convert: Callable[[Any], T]
    on_event: Callable[[Any], object] | None

    def __init__(
        self,
        task: _core.Task,
        convert: Callable[[Any], T],
        on_event: Callable[[Any], object] | None = None,
    ) -> None:
        self._task = task
        self._convert = convert
        self.on_event = on_event
        _log.refresh()

    def wait(self) -> T:
        """Blocks until it is done."""
        return self._convert(self._task.wait(self.on_event))

    def __await__(self) -> Generator[Any, None, T]:
        result = yield from self._run().__await__()
        return self._convert(result)

    async def _run(self) -> Any:
        import asyncio

        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()

        def settle(result: Any, error: BaseException | None) -> None:
            if future.done():
                return
            if error is None:
                future.set_result(result)
                return
            if isinstance(error, StopIteration):
                # A future cannot hold it: in a coroutine, it would be the end.
                stop, error = error, RuntimeError("StopIteration was raised")
                error.__cause__ = stop
            future.set_exception(error)

        on_event = self.on_event

        def tell(event: Any) -> None:
            if on_event is None or future.done():
                return
            try:
                on_event(event)
            except BaseException as error:
                self._task.cancel()
                settle(None, error)

        self._task.start(loop.call_soon_threadsafe, settle, None if on_event is None else tell)
        try:
            return await future
        except BaseException:
            # Cancelled, or closed with its loop; otherwise it has ended.
            self._task.cancel()
            raise


def same(result: Any) -> Any:
    """The result as it is."""
    return result


def nothing(result: Any) -> None:
    """No result."""
