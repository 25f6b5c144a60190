"""Local accounts: signing in, its limits, passwords, and the doors that stay closed."""

import re
import time

import pytest
from django.conf import settings as project
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.mail.outbox import sweep_messages
from accounts.models import User
from accounts.sign_in import devices
from accounts.sign_in.passwords import is_guessable
from accounts.sign_in.session import clear_sessions
from tests.factories import PASSWORD, AdminFactory, InstitutionFactory, StudentFactory, UserFactory

pytestmark = pytest.mark.django_db

SIGN_IN = "/compte/connexion/"
NEW_PASSWORD = "neuf chaises bleues au grenier"
REFUSAL = "L’adresse ou le mot de passe ne correspond pas."
LIMIT = "Trop de tentatives"


def sign_in(client, email, password=PASSWORD, **extra):
    return client.post(SIGN_IN, {"login": email, "password": password, **extra})


def without_values(page):
    """Return a page without what was typed, nor the tokens that differ each time."""
    return re.sub(r'value="[^"]*"', "", page.text)


def is_signed_in(client):
    return client.get(reverse("account_change_password")).status_code == 200


def wrong_attempts(client, email, count):
    return [sign_in(client, email, "mauvais mot de passe") for _ in range(count)]


class TestSignIn:
    @pytest.mark.parametrize("change", [str, str.upper, str.lower, lambda email: f"  {email} "])
    def test_by_address_in_any_case(self, client, change):
        user = UserFactory(email="Camille.Durand@valmont.example")
        response = sign_in(client, change(user.email))
        assert response.status_code == 302
        assert response.url == reverse("home")
        assert client.session["_auth_user_id"] == str(user.pk)

    def test_goes_on_to_the_page_first_asked(self, client):
        asked = client.get("/conventions/?statut=submitted")
        assert asked.url.startswith(SIGN_IN)
        client.get(asked.url)
        response = sign_in(client, UserFactory().email, next="/conventions/?statut=submitted")
        assert response.url == "/conventions/?statut=submitted"

    def test_never_goes_to_another_site(self, client):
        response = sign_in(client, UserFactory().email, next="https://mechant.example/")
        assert response.url == reverse("home")

    def test_an_address_nobody_can_read_leads_home(self, client):
        broken = {"next": "https://[::1"}
        forgotten = reverse("account_reset_password")
        for url in (SIGN_IN, forgotten):
            assert client.get(url, broken).status_code == 200
        assert client.post(forgotten, {"email": "x@valmont.example", **broken}).status_code == 302
        assert sign_in(client, UserFactory().email, **broken).url == reverse("home")
        assert client.get(SIGN_IN, broken).url == reverse("home")
        assert client.post(reverse("account_logout"), broken).url == SIGN_IN

    def test_same_answer_to_a_wrong_password_a_stranger_and_a_closed_account(self, client):
        known = UserFactory()
        closed = UserFactory(is_active=False)
        answers = []
        for email, password in [
            (known.email, "faux"),
            ("x@valmont.example", PASSWORD),
            (closed.email, PASSWORD),
        ]:
            response = sign_in(client, email, password)
            assert response.status_code == 200
            assert REFUSAL in response.text
            answers.append(without_values(response))
        assert answers[0] == answers[1] == answers[2]
        assert not is_signed_in(client)

    def test_what_was_put_in_the_session_before_is_still_there(self, client):
        client.get(SIGN_IN)
        session = client.session
        session["typed"] = "un texte non enregistré"
        session.save()
        client.cookies[project.SESSION_COOKIE_NAME] = session.session_key
        sign_in(client, UserFactory().email)
        assert is_signed_in(client)
        assert client.session["typed"] == "un texte non enregistré"
        assert client.session.session_key != session.session_key, (
            "a session known before must not be the one after"
        )

    def test_the_session_expires(self, client, settings):
        """The browser forgets it when it closes, the database and Redis after the time of the settings."""
        settings.SESSION_COOKIE_AGE = 12_345
        response = sign_in(client, UserFactory().email)
        assert response.cookies[project.SESSION_COOKIE_NAME]["max-age"] == ""
        assert is_signed_in(client)
        session = client.session
        key = cache.make_key(session.cache_key)
        redis = cache._cache.get_client(write=True)
        assert redis.ttl(key) == pytest.approx(settings.SESSION_COOKIE_AGE, abs=60)
        kept = Session.objects.get(session_key=session.session_key)
        kept_seconds = (kept.expire_date - timezone.now()).total_seconds()
        assert kept_seconds == pytest.approx(settings.SESSION_COOKIE_AGE, abs=60)
        redis.delete(key)
        assert is_signed_in(client), "Redis only holds a copy"
        redis.delete(key)
        Session.objects.update(expire_date=timezone.now())
        assert not is_signed_in(client)
        clear_sessions()
        assert not Session.objects.exists()

    def test_a_closed_account_is_signed_out_at_once(self, client):
        user = UserFactory()
        sign_in(client, user.email)
        User.objects.filter(pk=user.pk).update(is_active=False)
        assert not is_signed_in(client)

    def test_signing_out_is_a_post(self, client):
        sign_in(client, UserFactory().email)
        assert client.get(reverse("account_logout")).status_code == 405
        assert is_signed_in(client)
        assert client.post(reverse("account_logout")).url == SIGN_IN
        assert not is_signed_in(client)
        assert client.post(reverse("account_logout")).status_code == 302

    def test_one_query_recognises_a_person(self, client, django_assert_num_queries):
        sign_in(client, StudentFactory().user.email)
        with django_assert_num_queries(
            2
        ):  # the person and their institution, then their roles for the header
            client.get(reverse("account_change_password"))


class TestLimits:
    def test_one_account_is_closed_to_guesses_and_no_other(self, client):
        user, other = UserFactory(), UserFactory()
        for response in wrong_attempts(client, user.email, 5):
            assert LIMIT not in response.text
        assert LIMIT in sign_in(client, user.email).text
        assert not is_signed_in(client)
        assert sign_in(client, other.email).status_code == 302

    @pytest.mark.parametrize(
        ("host", "address"),
        [
            ("testserver:8001", "alix@univ-lille.example"),
            ("TestServer", "alix@univ-lille.example"),
            ("testserver", "alix@un\u0130v-lille.example"),  # PostgreSQL takes this capital for an i
        ],
    )
    def test_a_guess_counts_however_it_is_addressed(self, client, host, address):
        wrong_attempts(client, UserFactory(email="alix@univ-lille.example").email, 5)
        typed = {"login": address, "password": PASSWORD}
        response = client.post(reverse("account_login"), typed, headers={"host": host})
        assert LIMIT in response.text
        assert not is_signed_in(client)

    def test_guesses_of_others_do_not_close_the_door_to_its_owner(self, client, settings):
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
        user, at_home, others = UserFactory(), {"x-forwarded-for": "192.0.2.1"}, type(client)()
        typed = {"login": user.email, "password": PASSWORD}
        assert client.post(SIGN_IN, typed, headers=at_home).status_code == 302
        client.post(reverse("account_logout"))
        for number in range(60):
            guess = typed | {"password": f"faux {number}"}
            answer = others.post(SIGN_IN, guess, headers={"x-forwarded-for": f"198.51.100.{number}"})
        assert LIMIT in answer.text, "from wherever they come"
        newcomer = type(client)().post(SIGN_IN, typed, headers={"x-forwarded-for": "203.0.113.1"})
        assert LIMIT in newcomer.text
        assert "le lien reçu ouvre toujours" in newcomer.text
        assert client.post(SIGN_IN, typed, headers=at_home).status_code == 302, "a browser that is known"

    def test_whoever_guesses_at_one_address_closes_it_to_themselves(self, client, settings):
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
        user = UserFactory()
        typed = {"login": user.email, "password": "faux"}
        for _ in range(6):
            answer = client.post(SIGN_IN, typed, headers={"x-forwarded-for": "198.51.100.1"})
        assert LIMIT in answer.text
        right = typed | {"password": PASSWORD}
        assert client.post(SIGN_IN, right, headers={"x-forwarded-for": "192.0.2.1"}).status_code == 302

    def test_a_known_browser_is_limited_too_and_known_for_one_account(self, client):
        user, other = UserFactory(), UserFactory()
        sign_in(client, user.email)
        client.post(reverse("account_logout"))
        wrong_attempts(client, user.email, 5)
        assert LIMIT in sign_in(client, user.email).text
        cookie = client.cookies[devices.COOKIE]
        assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
        asked = RequestFactory()
        asked.cookies[devices.COOKIE] = cookie.value
        assert devices.known(asked.get("/"), user.email.upper())
        assert not devices.known(asked.get("/"), other.email)
        asked.cookies[devices.COOKIE] = cookie.value[:-1] + "x"
        assert not devices.known(asked.get("/"), user.email)

    def test_a_stranger_is_limited_like_a_person(self, client):
        wrong_attempts(client, "personne@valmont.example", 5)
        assert LIMIT in sign_in(client, "personne@valmont.example").text

    @pytest.fixture
    def three_a_minute(self, settings):
        settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"login": "3/m/ip"}

    @pytest.mark.usefixtures("three_a_minute")
    def test_a_forged_address_does_not_help(self, client):
        for number in range(3):
            client.post(SIGN_IN, {}, headers={"x-forwarded-for": f"192.0.2.{number}"})
        response = client.post(SIGN_IN, {}, headers={"x-forwarded-for": "198.51.100.7"})
        assert response.status_code == 429
        assert "Trop de tentatives en peu de temps" in response.text
        assert "Conventions de stage" in response.text
        assert client.get(SIGN_IN).status_code == 200

    @pytest.mark.usefixtures("three_a_minute")
    def test_the_proxy_in_front_tells_people_apart(self, client, settings):
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
        for _ in range(4):
            blocked = client.post(SIGN_IN, {}, headers={"x-forwarded-for": "forged, 192.0.2.1"})
        assert blocked.status_code == 429
        other = client.post(SIGN_IN, {}, headers={"x-forwarded-for": "forged, 192.0.2.2"})
        assert other.status_code == 200


class TestForgottenPassword:
    def ask(self, client, email):
        return client.post(reverse("account_reset_password"), {"email": email}, follow=True)

    @pytest.fixture(autouse=True)
    def delivered(self, settings):
        """Mails leave for Django's list of them."""
        settings.DELIVERY_EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    def mails(self):
        sweep_messages()
        return mail.outbox

    def link(self):
        [sent] = self.mails()
        return re.search(r"^http\S+$", sent.body, re.MULTILINE)[0]

    def test_same_answer_to_everybody_and_a_mail_to_those_we_know(self, client):
        user = UserFactory(email="Camille@valmont.example")
        closed = UserFactory(is_active=False)
        pages = [
            without_values(self.ask(client, email))
            for email in ["camille@VALMONT.example", closed.email, "x@y.example"]
        ]
        assert "Si un compte porte cette adresse" in pages[0]
        assert pages[0] == pages[1] == pages[2]
        [message] = self.mails()
        assert message.to == [user.email]
        assert message.subject == "Choisissez votre mot de passe"

    def test_the_same_is_done_for_a_known_and_an_unknown_address(self, client):
        """What tells them apart is done when the mail leaves, by a worker: nothing to measure."""
        known = UserFactory().email
        self.ask(client, known)
        done = []
        for email in (known, "x@y.example"):
            with CaptureQueriesContext(connection) as queries:
                client.post(reverse("account_reset_password"), {"email": email})
            done.append([re.sub(r"'[^']*'|\d+", "?", query["sql"]) for query in queries])
        assert done[0] == done[1]

    def test_from_the_mail_to_a_new_password(self, client):
        user = UserFactory()
        elsewhere = type(client)()
        sign_in(elsewhere, user.email)
        self.ask(client, user.email)
        link = self.link()
        assert link.startswith(project.SITE_URL + "/")
        page = client.get(link.removeprefix(project.SITE_URL), follow=True)
        assert link.split("-")[-1] not in page.redirect_chain[-1][0], "the secret leaves the address bar"
        done = client.post(
            page.redirect_chain[-1][0], {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}, follow=True
        )
        assert "Votre mot de passe est enregistré" in done.text
        assert not is_signed_in(elsewhere), "a new password ends the other sessions"
        wrong_attempts(type(client)(), user.email, 6)
        assert sign_in(client, user.email, NEW_PASSWORD).status_code == 302, (
            "the link made this browser known"
        )
        again = type(client)().get(link.removeprefix(project.SITE_URL), follow=True)
        assert "Ce lien ne fonctionne plus" in again.text

    @pytest.mark.parametrize(
        "password",
        ["court", "qwerty123456", "camille.durand@valmont.example", "aaaaaaaaaaaa", "motdepasse123"],
    )
    def test_weak_passwords_are_refused(self, client, password):
        self.ask(client, UserFactory(email="camille.durand@valmont.example").email)
        page = client.get(self.link().removeprefix(project.SITE_URL), follow=True)
        form = page.redirect_chain[-1][0]
        assert client.post(form, {"password1": password, "password2": password}).status_code == 200
        assert client.post(form, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}).status_code == 302

    def test_the_link_lasts_a_day(self, client, time_machine):
        self.ask(client, UserFactory().email)
        link = self.link()
        time_machine.move_to(time.time() + 24 * 3600 + 60)
        assert "Ce lien ne fonctionne plus" in client.get(link.removeprefix(project.SITE_URL)).text

    def test_limited(self, client, time_machine):
        email = UserFactory().email
        for spelling in (email, email.upper(), f" {email}"):
            assert self.ask(client, spelling).status_code == 200
        refused = self.ask(client, email)
        assert refused.status_code == 429
        assert "trois courriels par heure" in refused.text
        assert "cinq minutes" not in refused.text
        assert len(self.mails()) == 3
        assert self.ask(client, UserFactory().email).status_code == 200
        time_machine.move_to(time.time() + 3601)
        assert self.ask(client, email).status_code == 200

    def test_a_stranger_is_limited_like_a_person(self, client):
        answers = [self.ask(client, "personne@valmont.example").status_code for _ in range(4)]
        assert answers == [200, 200, 200, 429]


@pytest.mark.parametrize(
    "password",
    [
        "aaaaaaaaaaaa",
        "abababababab",
        "121212121212",
        "abcabcabcabc",
        "soleilsoleil",
        "motdepasse123",
        "MotDePasse2026!",
        "m0td3p@ss3!!",
        "azertyuiop123",
        "AzertyUiop!!",
        "qsdfghjklm12",
        "wxcvbnwxcvbn",
        "123456789012",
        "987654321098",
        "abcdefghijkl",
        "1a2z3e4r5t6y",
        "bonjour123456",
        "Bonjour!2027!",
        "jetaimejetaime",
        "Marseille2026",
        "marseille13000",
        "Camille140527",
        "soleil-soleil",
        "chocolat2027!!",
        "password1234",
        "P@ssw0rd2026!",
        "administrateur1",
        "universite2027",
        "etudiant12345",
        "convention2027",
        "azerty-qwerty1",
        "nicolasmarie75",
        "janvier2027!!",
        "poiuytrezaaa",
        "aqwzsxedcrfv",
        "000000000001",
        "doudouloulou12",
        "vivelafrance!",
    ],
)
def test_what_is_guessed_first_is_refused(password):
    assert is_guessable(password)


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        NEW_PASSWORD,
        "bonjour grenouille verte",
        "trottinette-42-camion",
        "Xk7#qPz9!vLm",
        "le chat mange du béton armé",
        "correct horse battery staple",
        "mot de passe du garage voisin",
        "ÉrableÀSucre&Patin",
        "tg9wq-zz4hd-1mvbk",
    ],
)
def test_what_only_its_owner_thinks_of_is_taken(password):
    assert not is_guessable(password)


class TestChangePassword:
    def test_asks_for_the_old_one(self, client):
        user = UserFactory()
        client.force_login(user)
        url = reverse("account_change_password")
        passwords = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
        refused = client.post(url, {"oldpassword": "faux", **passwords})
        assert refused.status_code == 200
        assert client.post(url, {"oldpassword": PASSWORD, **passwords}).url == reverse("home")
        assert is_signed_in(client)
        user.refresh_from_db()
        assert user.check_password(NEW_PASSWORD)

    def test_who_has_none_changes_it_at_the_university(self, client):
        user = UserFactory()
        user.set_unusable_password()
        user.save()
        client.force_login(user)
        page = client.get(reverse("account_change_password"), follow=True)
        assert "Vous n’avez pas de mot de passe ici" in page.text
        posted = client.post(
            reverse("account_set_password"), {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
        )
        assert posted.status_code == 405


class TestClosedDoors:
    def test_accounts_are_created_by_the_university(self, client):
        institution = InstitutionFactory()
        page = client.get("/compte/creation/")
        assert "Les comptes sont créés par l’université" in page.text
        assert institution.support_email in page.text
        posted = client.post(
            "/compte/creation/",
            {"email": "x@y.example", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
        )
        assert posted.status_code == 405
        assert not User.objects.exists()

    def test_the_administration_has_no_door_of_its_own(self, client):
        response = client.get("/admin/", follow=True)
        assert response.redirect_chain[-1][0] == f"{SIGN_IN}?next=/admin/"
        admin = AdminFactory()
        posted = client.post("/admin/login/", {"username": admin.email, "password": PASSWORD})
        assert posted.url.startswith(SIGN_IN)
        assert "_auth_user_id" not in client.session
        sign_in(client, admin.email)
        assert client.get("/admin/login/").url == "/admin/"
        assert client.get("/admin/").status_code == 200

    def test_the_administration_refuses_who_has_no_right_there(self, client):
        client.force_login(UserFactory())
        assert client.get("/admin/", follow=True).status_code == 403
