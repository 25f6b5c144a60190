"""The communes proposed for a postal code."""

import re

import pytest
from django.urls import reverse

from tests.factories import CommuneFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def communes():
    for postal_code, name in [("14000", "CAEN"), ("14123", "IFS"), ("14123", "CORMELLES LE ROYAL")]:
        CommuneFactory(postal_code=postal_code, name=name)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"code_postal": "14123"}, ["CORMELLES LE ROYAL", "IFS"]),
        ({"code_postal": " 14 123 "}, ["CORMELLES LE ROYAL", "IFS"]),
        ({"student_postal_code": "14000"}, ["CAEN"]),
        ({"postal_code": "14000"}, ["CAEN"]),
        ({"code_postal": "99999"}, []),
        ({"code_postal": "<script>"}, []),
        ({"code_postal": "1"}, []),
        ({}, []),
    ],
)
def test_the_communes_of_a_postal_code(client, query, names):
    client.force_login(UserFactory())
    answer = client.get(reverse("organisations:communes"), query)
    assert answer.status_code == 200
    assert re.findall(r'<option value="([^"]*)"></option>', answer.content.decode()) == names


def test_only_for_people_who_signed_in(client):
    answer = client.get(reverse("organisations:communes"), {"code_postal": "14000"})
    assert answer.status_code == 302
    assert "CAEN" not in answer.content.decode()


def test_nothing_is_changed_through_it(client):
    client.force_login(UserFactory())
    assert client.post(reverse("organisations:communes"), {"code_postal": "14000"}).status_code == 405
