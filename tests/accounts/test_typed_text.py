"""What a person typed before their session expired is shown again after they sign in."""

from urllib.parse import urlencode

import pytest
from django.urls import reverse

from accounts.middleware import SESSION_KEY
from tests.factories import PASSWORD, ConventionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def step():
    convention = ConventionFactory()
    return convention, reverse("conventions:step", args=[convention.pk, "eleve"])


def test_the_text_survives_the_sign_in(client, step):
    convention, url = step
    posted = client.post(url, {"student_street": "7 chemin des Écoliers", "student_city": ""})
    assert posted.status_code == 302
    asked = client.post(
        posted.url, {"login": convention.student.user.email, "password": PASSWORD, "next": url}, follow=True
    )
    assert asked.redirect_chain[-1][0] == url
    assert "7 chemin des Écoliers" in asked.text
    assert "7 chemin des Écoliers" not in client.get(url).text, "shown again once, until it is saved"
    convention.refresh_from_db()
    assert convention.student_street == ""


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
