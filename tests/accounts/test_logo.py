"""The institution's logo, served to everyone from the media store."""

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from PIL import Image

from tests.factories import InstitutionFactory, StudentFactory

pytestmark = pytest.mark.django_db


def test_the_logo_is_served_and_shown(client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    path = tmp_path / "logo.png"
    Image.new("RGB", (8, 8), "teal").save(path)
    institution = InstitutionFactory()
    institution.logo.save("logo.png", ContentFile(path.read_bytes()))
    address = reverse("institution_logo", args=[institution.pk])
    answer = client.get(address)
    assert answer["Content-Type"] == "image/png"
    assert b"".join(answer.streaming_content) == path.read_bytes()
    client.force_login(StudentFactory().user)
    assert address in client.get(reverse("account_change_password")).content.decode()
