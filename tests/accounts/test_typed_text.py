"""What a person typed before their session expired is shown again after they sign in."""

import re
from urllib.parse import urlencode

import pytest
from django.urls import reverse

from accounts.sign_in.typed_text import SESSION_KEY, WRITER_FIELD
from conventions.models import Status
from tests.factories import PASSWORD, ConventionFactory, ManagerFactory
from tests.worlds import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def step():
    convention = ConventionFactory()
    return convention, reverse("conventions:step", args=[convention.pk, "eleve"])


def typed_too_late(client, user, url, to="", **typed):
    """Open a page as ``user``, lose the session, then post the page's form; return where the post leads."""
    client.force_login(user)
    writer = re.search(rf'name="{WRITER_FIELD}" value="([^"]*)"', client.get(url).text)[1]
    client.session.flush()
    posted = client.post(to or url, {WRITER_FIELD: writer, **typed})
    assert posted.status_code == 302
    return posted.url


def test_the_text_survives_the_sign_in(client, step):
    convention, url = step
    user = convention.student.user
    back = typed_too_late(client, user, url, student_street="7 chemin des Écoliers", student_city="")
    asked = client.post(back, {"login": user.email, "password": PASSWORD, "next": url}, follow=True)
    assert asked.redirect_chain[-1][0] == url
    assert "7 chemin des Écoliers" in asked.text
    assert "7 chemin des Écoliers" not in client.get(url).text, "shown again once, until it is saved"
    convention.refresh_from_db()
    assert convention.student_street == ""


@pytest.mark.parametrize(
    ("state", "page", "to", "field"),
    [
        (Status.DRAFT, ("step", "eleve"), (), "student_street"),
        (Status.DRAFT, ("create", "tuteur"), (), "first_name"),
        (Status.VALIDATED, ("act", "terminate"), (), "comment"),
        (Status.SUBMITTED, ("detail",), ("add_remark",), "text"),
    ],
)
@pytest.mark.parametrize("is_the_same", [True, False])
def test_only_who_typed_it_is_shown_the_text(client, state, page, to, field, is_the_same):
    """On a shared computer, a colleague who signs in may open the same agreement."""
    world = World()
    writer, colleague = world.people["manager"], ManagerFactory(centre=world.centre).user
    convention = world.convention_in(state)
    url, target = (
        reverse(f"conventions:{name}", args=[convention.pk, *rest]) for name, *rest in (page, to or page)
    )
    back = typed_too_late(client, writer, url, target, **{field: "Personne d’autre"})
    reader = writer if is_the_same else colleague
    shown = client.post(back, {"login": reader.email, "password": PASSWORD, "next": target}, follow=True).text
    assert ("Personne d’autre" in shown) == is_the_same
    assert SESSION_KEY not in client.session


def test_strangers_cannot_fill_the_cache(client, step):
    _convention, url = step
    for _ in range(60):
        client.cookies.clear()
        client.post(url, {"student_street": "x"})
        assert SESSION_KEY in client.session
    client.cookies.clear()
    assert client.post(url, {"student_street": "x"}).status_code == 302
    assert SESSION_KEY not in client.session


def test_a_text_too_long_is_not_kept(client, step):
    _convention, url = step
    client.post(url, {"student_street": "x" * 200_001})
    assert SESSION_KEY not in client.session


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        ("http://testserver/conventions/?statut=draft", "/conventions/"),
        ("http://ailleurs.example/conventions/", "/"),
        ("https://[::1", "/"),
        ("", "/"),
    ],
)
def test_a_button_pressed_too_late_leads_back_to_its_page(client, referer, back):
    url = reverse("conventions:duplicate", args=[1])
    answer = client.post(url, headers={"referer": referer})
    assert answer.url == reverse("account_login") + "?" + urlencode({"next": back}, safe="/")
