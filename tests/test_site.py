"""What every page shares: the frame, the fields, the addresses that belong to no app, the pages of errors."""

import gzip
import json
import re
from types import SimpleNamespace

import pytest
from django import forms
from django.conf import settings
from django.db import OperationalError, connection
from django.template import Context, Template
from django.template.loader import render_to_string
from lucide import IconDoesNotExist

from pstage import embedded, views
from pstage.cache import SurvivingCache
from pstage.design import initials
from tests.factories import AdminFactory, UserFactory

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))


def fail(error):
    def raise_it(*args, **kwargs):
        raise error

    return raise_it


@pytest.mark.django_db
def test_health_answers_without_signing_in(client):
    response = client.get("/sante/")
    assert (response.status_code, response.content) == (200, b"ok\n")
    assert "no-store" in response["Cache-Control"]
    assert not response.cookies


@pytest.mark.django_db
def test_health_names_the_database_that_does_not_answer(client, monkeypatch):
    monkeypatch.setattr(connection, "cursor", fail(OperationalError()))
    response = client.get("/sante/")
    assert (response.status_code, response.content) == (503, b"database\n")


@pytest.mark.django_db
def test_health_names_the_cache_that_does_not_answer_and_stops_no_page(client, monkeypatch):
    lost = SurvivingCache(f"redis://127.0.0.1:{embedded.free_port()}", {})
    monkeypatch.setattr(views, "cache", lost)
    response = client.get("/sante/")
    assert (response.status_code, response.content) == (200, b"ok, cache lost\n")


class TestReports:
    def test_what_a_browser_refused_is_written_in_the_log_without_what_was_typed(self, client, caplog):
        assert "report-uri /csp/" in client.get("/theme.css?hue=1")["Content-Security-Policy"]
        told = {
            "document-uri": "https://stages.example/annuaire/?q=Zoé",
            "effective-directive": "script-src-elem",
            "blocked-uri": "https://mechant.example/x.js" + "x" * 500,
        }
        body = json.dumps({"csp-report": told})
        answer = client.post("/csp/", body, content_type="application/csp-report")
        assert answer.status_code == 204
        assert "script-src-elem" in caplog.text
        assert "Zoé" not in caplog.text
        assert len(caplog.messages[-1]) < 700

    @pytest.mark.parametrize("body", ["", "{", "[]", '{"csp-report": 1}', "x" * 20_000])
    def test_anything_else_is_refused(self, client, body):
        answer = client.post("/csp/", body, content_type="application/csp-report")
        assert answer.status_code == (413 if len(body) > 16_384 else 400)

    @pytest.mark.django_db
    def test_limited(self, client, settings):
        settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"csp_report": "2/m/ip"}
        sent = [client.post("/csp/", "{}", content_type="application/csp-report") for _ in range(3)]
        assert [answer.status_code for answer in sent] == [400, 400, 429]


@pytest.mark.django_db
def test_whom_to_tell_of_a_fault(client, settings):
    settings.SECURITY_CONTACT = "mailto:securite@valmont.example"
    answer = client.get("/.well-known/security.txt")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert "Contact: mailto:securite@valmont.example\n" in answer.text
    assert re.search(r"^Expires: \d{4}-\d\d-\d\dT00:00:00Z$", answer.text, re.MULTILINE)
    settings.SECURITY_CONTACT = ""
    assert client.get("/.well-known/security.txt").status_code == 404


def test_no_page_may_use_the_camera_nor_know_the_place(client):
    policy = client.get("/theme.css?hue=1")["Permissions-Policy"]
    assert {"camera=()", "microphone=()", "geolocation=()"} <= set(policy.split(", "))


def test_theme_is_kept_by_browsers_and_depends_on_nobody(client):
    response = client.get("/theme.css?hue=027")
    assert response.content == b":root{--hue:27}\n"
    assert response["Content-Type"] == "text/css"
    assert "max-age=31536000" in response["Cache-Control"]
    assert "public" in response["Cache-Control"]
    assert "Cookie" not in response.get("Vary", "")
    assert not response.cookies


@pytest.mark.parametrize(
    "hue", ["", "361", "99999999", "0009999", "0205", "-1", "1.5", "²", "red", "0}body{display:none"]
)
def test_theme_refuses_what_is_not_a_hue(client, hue):
    assert client.get("/theme.css", {"hue": hue}).status_code == 404


@pytest.mark.django_db
def test_styleguide_is_for_staff(client):
    assert client.get("/styleguide/").status_code == 302
    client.force_login(UserFactory())
    assert client.get("/styleguide/").status_code == 403


@pytest.mark.django_db
def test_styleguide_shows_the_components(client):
    client.force_login(AdminFactory())
    page = client.get("/styleguide/").content.decode()
    assert page.count("<h1") == 1
    for component in (
        "stepper",
        "track",
        "timeline",
        "circuit",
        "error-summary",
        "pagination",
        "remark",
        "mail",
    ):
        assert re.search(rf'class="[^"]*\b{component}\b', page), component
    assert not re.search(r"<script(?![^>]*\bsrc=)", page), "inline script"
    assert not re.search(r"<[^>]+\s(style|on[a-z]+)=", page), "inline style or handler"


@pytest.mark.django_db
def test_error_summary_links_lead_to_inputs(client):
    client.force_login(AdminFactory())
    page = client.get("/styleguide/").content.decode()
    summary = page[page.index('class="error-summary"') :].split("</ul>")[0]
    targets = re.findall(r'href="#([^"]+)"', summary)
    assert targets == ["id_missions", "id_amount"]
    for target in targets:
        assert re.search(rf'<(input|textarea)[^>]* id="{target}"', page)


@pytest.mark.django_db
def test_a_page_that_does_not_exist_says_where_to_go(client):
    response = client.get("/nulle-part/")
    assert response.status_code == 404
    assert "page d’accueil" in response.content.decode()


@pytest.mark.django_db
def test_a_stale_form_says_to_open_the_page_again():
    from django.test import Client

    response = Client(enforce_csrf_checks=True).post("/i18n/setlang/", {"language": "en"})
    assert response.status_code == 403
    assert 'href="/i18n/setlang/"' in response.content.decode()


def test_server_error_page_needs_neither_context_nor_database():
    page = render_to_string("500.html")
    assert "Ce n’est pas de votre fait" in page
    assert "data-refused" in page


def test_anyone_changes_the_language(client):
    response = client.post("/i18n/setlang/", {"language": "en", "next": "/"})
    assert response.status_code == 302
    assert response.cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"


def test_stylesheets_stay_small():
    """A first load weighs at most 100 kB compressed; styles may take a fifth of it."""
    styles = (settings.BASE_DIR / "static/css").glob("*.css")
    assert sum(len(gzip.compress(path.read_bytes())) for path in styles) < 20_000


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(settings.BASE_DIR)))
def test_every_icon_named_in_a_template_exists(path):
    source = path.read_text()
    names = re.findall(r'{% icon "([^"]+)"', source) + re.findall(r'{% badge \S+ "[^"]*" "([^"]+)"', source)
    for name in names:
        svg = Template(f'{{% icon "{name}" %}}').render(Context())
        assert svg.startswith("<svg")
        assert 'aria-hidden="true"' in svg


def test_an_unknown_icon_is_refused():
    with pytest.raises(IconDoesNotExist):
        Template('{% icon "no-such-icon" %}').render(Context())


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Inès Marchand", "IM"), ("Université de Caen", "UC"), ("INSA", "IN"), ("jean", "JE"), ("", "")],
)
def test_initials(name, letters):
    assert initials(name) == letters


def test_badge_escapes_what_a_person_typed():
    html = Template("{% badge 'wait' label %}").render(Context({"label": "<b>x</b>"}))
    assert "&lt;b&gt;x&lt;/b&gt;" in html
    assert 'class="badge wait"' in html


def test_note_and_diff_escape_what_a_person_typed():
    html = Template("{% note 'stop' title=t %}{{ t }}{% endnote %}{% diff t '' %}").render(
        Context({"t": "<i>"})
    )
    assert "<i>" not in html
    assert html.count("&lt;i&gt;") == 3
    assert "(vide)" in html


class StageForm(forms.Form):
    subject = forms.CharField(label="Sujet", help_text="En une phrase.")
    amount = forms.DecimalField(
        label="Montant", required=False, widget=forms.TextInput(attrs={"data-unit": "€"})
    )
    paid = forms.ChoiceField(label="Payé", choices=[("y", "Oui"), ("n", "Non")], widget=forms.RadioSelect)


def test_field_tells_screen_readers_its_help_error_and_remarks(rf):
    form = StageForm({})
    remark = SimpleNamespace(
        pk=7, text="Précisez.", author="N. R.", created_at=None, answer="", resolved_at=None
    )
    form.remarks = {"subject": [remark]}
    html = str(form["subject"].as_field_group())
    described = re.search(r'<input[^>]*aria-describedby="([^"]+)"', html).group(1).split()
    assert described == ["id_subject_helptext", "id_subject_error", "remark-7"]
    for target in described:
        assert f'id="{target}"' in html
    assert "(facultatif)" not in html
    assert 'name="answer-7"' not in html


def test_field_shows_where_to_answer_a_remark():
    form = StageForm({})
    remark = SimpleNamespace(
        pk=7, text="Précisez.", author="N. R.", created_at=None, answer="", resolved_at=None
    )
    form.remarks, form.answers_remarks = {"subject": [remark]}, True
    html = str(form["subject"].as_field_group())
    assert 'name="answer-7"' in html
    assert 'name="resolved-7"' in html


def test_optional_field_says_so_and_shows_its_unit():
    html = str(StageForm()["amount"].as_field_group())
    assert "(facultatif)" in html
    assert 'aria-describedby="id_amount_unit"' in html
    assert 'id="id_amount_unit">€<' in html


def test_choices_are_a_group_with_its_legend_and_error():
    html = str(StageForm({})["paid"].as_field_group())
    assert re.search(r'<fieldset aria-describedby="id_paid_error">\s*<legend>\s*Payé', html)
    assert StageForm({})["paid"].anchor == "id_paid_0"
