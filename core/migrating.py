"""Migrating in a quarter of the time.

After each step Django draws every model anew that the changed one is related to in any way: here nearly all of them,
800 times over. Only those that point at it hold its old class; they alone are drawn anew while `quick_states` lasts.
Before Python of a migration runs, and in the end, Django draws them all, as ever.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db.migrations.state import ModelState, ProjectState
from django.db.migrations.utils import resolve_relation
from django.db.models import Model

Key = tuple[str, str]
Draw = Callable[[ProjectState, set[Key]], None]


@contextmanager
def quick_states() -> Iterator[None]:
    find, draw = ProjectState._find_reload_model, ProjectState._reload  # type: ignore[attr-defined]
    ProjectState._find_reload_model, ProjectState._reload = _find, _drawing(draw)  # type: ignore[attr-defined]
    try:
        yield
    finally:
        ProjectState._find_reload_model, ProjectState._reload = find, draw  # type: ignore[attr-defined]


def _find(state: ProjectState, app_label: str, model_name: str, delay: bool = False) -> set[Key]:
    state.is_delayed = True  # so that Django draws them all where it must
    return pointing_at(state, (app_label, model_name))


def _drawing(draw: Draw) -> Draw:
    def reload(state: ProjectState, models: set[Key]) -> None:
        draw(state, models)
        # A class that stays is told where to look for what points at it.
        for model in state.apps.get_models(include_auto_created=True, include_swapped=True):
            model._meta.apps = state.apps

    return reload


def pointing_at(state: ProjectState, changed: Key) -> set[Key]:
    """Return the model, and those that point at it: by a field or as their base, straight or through others."""
    pointing: dict[Key, set[Key]] = defaultdict(set)
    for key, model in state.models.items():
        for target in _targets(model):
            pointing[resolve_relation(target, *key)].add(key)
    found: set[Key] = set()
    waiting = [changed]
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting.extend(pointing[key])
    return found


def _targets(model: ModelState) -> Iterator[str | type[Model]]:
    yield from (base for base in model.bases if isinstance(base, str))
    for field in model.fields.values():
        if field.remote_field:
            yield field.remote_field.model
            if through := getattr(field.remote_field, "through", None):
                yield through
