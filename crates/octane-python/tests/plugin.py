"""The pytest plugin of the package, in pytests that tests start."""

from __future__ import annotations


def plugin() -> list[str]:
    """The option that loads the plugin where the package is not installed, and its entry point does not exist."""
    from importlib.metadata import entry_points

    is_installed = any(point.value == "octane_client._pytest" for point in entry_points(group="pytest11"))
    return [] if is_installed else ["-p", "octane_client._pytest"]
