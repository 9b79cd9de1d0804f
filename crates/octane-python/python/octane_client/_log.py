"""Records of the native part in ``logging``: the loggers ``octane``, ``octane.http`` and ``octane.sandbox``.

Nothing is imported, and no record is made, before the program itself has imported ``logging``.
"""

from __future__ import annotations

import os
import sys

from octane_client import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LOGGERS = ("octane", "octane.http", "octane.sandbox")

_process: int | None = None


def refresh() -> None:
    """Sets which records the native part reports from now on."""
    logging = sys.modules.get("logging")
    if logging is None:
        return
    global _process
    if _process != os.getpid():
        _process = os.getpid()
        logger = logging.getLogger("octane")
        # Without a handler of the program, records go nowhere instead of to standard error.
        if not any(isinstance(handler, logging.NullHandler) for handler in logger.handlers):
            logger.addHandler(logging.NullHandler())
        _core.start_log(_emit)
    levels = (logging.getLogger(name).getEffectiveLevel() for name in LOGGERS)
    _core.set_log_level(min(255, *levels))


def _emit(level: int, name: str, message: str, extra: dict[str, Any]) -> None:
    logger = sys.modules["logging"].getLogger(name)
    if logger.isEnabledFor(level):
        # Attributes of a record cannot be overwritten.
        extra = {f"octane_{key}" if key in _RESERVED else key: value for key, value in extra.items()}
        logger.log(level, "%s", message, extra=extra)


def warn(message: str) -> None:
    """Logs a warning."""
    refresh()
    logging = sys.modules.get("logging")
    if logging is not None:
        logging.getLogger("octane").warning("%s", message)


_RESERVED = frozenset(
    "args asctime created exc_info exc_text filename funcName levelname levelno lineno message module msecs msg name "
    "pathname process processName relativeCreated stack_info taskName thread threadName".split()
)
