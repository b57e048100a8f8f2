"""What is drawn anew after a step of a migration: what points at the changed model, and nothing else."""

import pytest
from django.db import models
from django.db.migrations.state import ModelState, ProjectState

from core.migrating import quick_states

PK = ("id", models.BigAutoField(primary_key=True))
OF_NOTE = models.OneToOneField("core.Note", models.CASCADE, parent_link=True, primary_key=True)
NOTE = models.CharField(max_length=9, default="")


def pointing(name: str, to: str) -> ModelState:
    return ModelState("core", name, [PK, ("one", models.ForeignKey(f"core.{to}", models.PROTECT))])


@pytest.fixture
def state() -> ProjectState:
    """Entry → Account → Owner ← Note, and Loud, which is a Note."""
    state = ProjectState()
    state.add_model(ModelState("core", "Owner", [PK]))
    state.add_model(pointing("Account", "Owner"))
    state.add_model(pointing("Entry", "Account"))
    state.add_model(pointing("Note", "Owner"))
    state.add_model(ModelState("core", "Loud", [("note_ptr", OF_NOTE)], bases=("core.note",)))
    assert state.apps.ready
    return state


def classes(state: ProjectState) -> dict[str, type[models.Model]]:
    return {model.__name__: model for model in state.apps.get_models()}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ("entry", {"Entry"}),
        ("account", {"Account", "Entry"}),
        ("note", {"Note", "Loud"}),
        ("owner", {"Owner", "Account", "Entry", "Note", "Loud"}),
    ],
)
def test_what_points_at_a_changed_model_is_drawn_anew(
    state: ProjectState, changed: str, expected: set[str]
) -> None:
    before = classes(state)
    with quick_states():
        state.add_field("core", changed, "said", NOTE, preserve_default=True)
    after = classes(state)
    assert {name for name, model in after.items() if model is not before[name]} == expected
    for name in ("Account", "Entry", "Note", "Loud"):
        target = after[name]._meta.get_field("one").remote_field.model
        assert target is after[target.__name__]


def test_a_class_that_stays_knows_what_came_to_point_at_it(state: ProjectState) -> None:
    later = state.clone()
    with quick_states():
        later.add_model(pointing("Card", "Owner"))
    owner = classes(later)["Owner"]
    assert owner is classes(state)["Owner"]
    assert {found.related_model for found in owner._meta.related_objects} == {
        model for name, model in classes(later).items() if name in ("Account", "Note", "Card")
    }


def test_python_of_a_migration_finds_them_all_anew(state: ProjectState) -> None:
    with quick_states():
        state.add_field("core", "owner", "said", NOTE, preserve_default=True)
    before = classes(state)
    state.clear_delayed_apps_cache()  # as RunPython does
    assert not set(classes(state).values()) & set(before.values())


def test_afterwards_django_draws_as_it_did(state: ProjectState) -> None:
    before = classes(state)
    with pytest.raises(LookupError), quick_states():
        raise LookupError
    state.add_model(pointing("Card", "Entry"))
    assert not set(classes(state).values()) & set(before.values())
