"""A body that is too large meets a page that says what to do; any other arrives whole."""

from http.client import HTTPConnection
from io import BytesIO
from urllib.parse import urlencode, urlsplit

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse
from django.urls import reverse

from pstage.middleware import BodyLimitMiddleware

LIMIT = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
FORM = "application/x-www-form-urlencoded"


def chunked(rf, body, content_type=FORM):
    """Return the request a server builds from a body sent in chunks, whose length is not announced."""
    environ = rf.post("/", content_type=content_type).environ | {
        "HTTP_TRANSFER_ENCODING": "chunked",
        "wsgi.input_terminated": True,
        "wsgi.input": BytesIO(body),
    }
    del environ["CONTENT_LENGTH"]
    return WSGIRequest(environ)


def echo(request):
    return HttpResponse("".join(f"{name}={value}" for name, value in request.POST.items()))


@pytest.mark.django_db
class TestTooLarge:
    def test_the_page_says_what_to_do(self, client):
        response = client.post(reverse("account_login"), {"email": "x" * LIMIT})
        page = response.content.decode()
        assert response.status_code == 413
        assert "4,0\xa0Mio" in page
        assert "Ce qui était enregistré est gardé" in page

    def test_files_count(self, client):
        response = client.post(reverse("account_login"), {"file": BytesIO(b"x" * LIMIT)})
        assert response.status_code == 413

    def test_chunks_count(self, rf):
        request = chunked(rf, b"x" * (LIMIT + 1))
        request.user = AnonymousUser()
        assert BodyLimitMiddleware(echo)(request).status_code == 413


def test_a_form_below_the_limit_arrives(rf):
    response = BodyLimitMiddleware(echo)(rf.post("/", {"name": "é" * 1000}))
    assert response.content.decode() == "name=" + "é" * 1000


def test_a_form_sent_in_chunks_arrives(rf):
    request = chunked(rf, urlencode({"name": "é" * 1000}).encode())
    assert BodyLimitMiddleware(echo)(request).content.decode() == "name=" + "é" * 1000


def test_a_browser_that_sends_50_megabytes_reads_the_answer(live_server):
    """It reads only once it has sent everything: a server that closes earlier shows it nothing."""
    connection = HTTPConnection(urlsplit(live_server.url).netloc, timeout=60)
    connection.request("POST", reverse("account_login"), b"x" * 50_000_000, {"Content-Type": FORM})
    response = connection.getresponse()
    assert response.status == 413
    assert "trop volumineux" in response.read().decode()
    connection.close()
