"""Nothing typed is lost: the session ended, or the agreement was validated, meanwhile."""

import pytest

from accounts.sign_in.typed_text import WRITER_FIELD
from conventions.models import Status
from organisations.models import Organisation
from tests.conventions.wizard.posting import autosave, content_of, create_url, step_url, week

pytestmark = pytest.mark.django_db


# The session ended


def test_what_was_typed_before_the_session_ended_is_shown_after_it(client, draft, host_data):
    client.logout()
    client.post(create_url(draft, "etablissement"), host_data | {WRITER_FIELD: draft.student.user.pk})
    client.force_login(draft.student.user)
    page = client.get(create_url(draft, "etablissement")).text
    assert 'value="3 rue des Forges"' in page
    assert "Votre session avait expiré" in page


def test_interruptions_typed_before_the_session_ended_are_shown_after_it(client, draft):
    client.logout()
    typed = content_of(draft, week(draft, 2), subject="Écrit trop tard")
    client.post(step_url(draft, "contenu"), typed | {WRITER_FIELD: draft.student.user.pk})
    client.force_login(draft.student.user)
    page = client.get(step_url(draft, "contenu")).text
    assert "Écrit trop tard" in page
    assert f'value="{week(draft, 2)[0]}"' in page
    draft.refresh_from_db()
    assert draft.subject != "Écrit trop tard"


# The agreement was validated


def test_a_step_posted_after_validation_shows_what_was_typed(client, world):
    convention = world.convention_in(Status.VALIDATED)
    client.force_login(world.people["student"])
    data = content_of(convention, week(convention, 1), subject="Un sujet écrit trop tard")
    page = client.post(step_url(convention, "contenu"), data)
    assert page.status_code == 409
    assert "Cette convention ne se modifie plus" in page.text
    assert "Un sujet écrit trop tard" in page.text
    assert f"{week(convention, 1)[0]:%d/%m/%Y}" in page.text
    assert "lundi, mardi" in page.text, "choices are shown in words"
    told = autosave(client, step_url(convention, "contenu"), data)
    assert told.status_code == 409
    assert "Validée" in told.json()["message"]
    assert client.get(step_url(convention, "contenu")).url == convention.get_absolute_url()


def test_a_new_host_posted_after_validation_is_not_created(client, world, host_data):
    convention = world.convention_in(Status.VALIDATED)
    client.force_login(world.people["student"])
    page = client.post(create_url(convention, "etablissement"), host_data)
    assert page.status_code == 409
    assert "Ateliers Morvan" in page.text
    assert not Organisation.objects.filter(name="Ateliers Morvan").exists()
