"""Single sign-on, against a real OpenID Connect provider: its own process, its own pages, real tokens."""

import sys

import httpx
import pytest
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.urls import reverse

from accounts.mail.outbox import sweep_messages
from accounts.models import User
from pstage import embedded
from tests.factories import InstitutionFactory, UserFactory

pytestmark = pytest.mark.django_db

START = "/compte/sso/connexion/"


@pytest.fixture(scope="module")
def provider(tmp_path_factory):
    """Run oidc-provider-mock on loopback and return its address."""
    port = embedded.free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)]

    def answers():
        try:
            return httpx.get(f"{url}/.well-known/openid-configuration").is_success
        except httpx.TransportError:
            return False

    log = tmp_path_factory.mktemp("oidc") / "oidc.log"
    with embedded.running("OpenID Connect provider", command, log=log) as child:
        embedded.wait_until(answers, child)
        yield url


def configure(settings, server_url):
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "sso",
                    "name": "mon compte universitaire",
                    "client_id": "pstage",
                    "secret": "un secret",
                    "settings": {"server_url": server_url, "fetch_userinfo": True},
                }
            ],
        }
    }


@pytest.fixture
def sso(settings, provider, client):
    """Return a function that signs a browser in as ``sub`` at the provider, and returns the last page."""
    configure(settings, provider)
    institution = InstitutionFactory()

    def sign_in(sub, next="/compte/mot-de-passe/", **claims):  # noqa: A002  the parameter's name in the URL
        httpx.put(f"{provider}/users/{sub}", json=claims).raise_for_status()
        leave = client.post(START, {"next": next})
        assert leave.status_code == 302
        assert leave.url.startswith(provider)
        back = httpx.post(leave.url, data={"sub": sub})
        assert back.status_code == 302
        return client.get(back.headers["location"].removeprefix("http://testserver"), follow=True)

    sign_in.institution = institution
    return sign_in


def test_the_sign_in_page_offers_it_first_and_by_post(client, settings, provider):
    configure(settings, provider)
    page = client.get("/compte/connexion/?next=/conventions/")
    assert page.text.index("Continuer avec mon compte universitaire") < page.text.index('name="password"')
    assert f'action="{START}" method="post"' in page.text
    assert page.text.count('name="next" value="/conventions/"') == 2
    assert "form-action 'self' https:" in page.headers["Content-Security-Policy"]
    confirm = client.get(START)
    assert confirm.status_code == 200, "a link alone must not start a sign-in"
    assert "Continuer avec mon compte universitaire" in confirm.text


def test_no_provider_no_button(client):
    page = client.get("/compte/connexion/")
    assert "Continuer avec" not in page.text
    assert "https:" not in page.headers["Content-Security-Policy"]
    assert client.post(START).status_code == 404


def test_a_known_person_is_found_by_address_then_by_identity(sso, client):
    user = UserFactory(email="Camille.Durand@valmont.example")
    page = sso("cdurand", email="camille.durand@VALMONT.example", email_verified=True)
    assert page.redirect_chain[-1][0] == "/compte/mot-de-passe/"
    assert client.session["_auth_user_id"] == str(user.pk)
    assert SocialAccount.objects.get(user=user).uid == "cdurand"

    client.post(reverse("account_logout"))
    sso("cdurand", email="camille.martin@valmont.example")
    assert client.session["_auth_user_id"] == str(user.pk)
    assert SocialAccount.objects.count() == 1
    assert User.objects.count() == 1


def test_a_provider_silent_on_verification_is_trusted_when_the_settings_say_so(sso, client, settings):
    user = UserFactory()
    assert_unknown(sso("silent", email=user.email), client, sso.institution)
    settings.OIDC_TRUST_EMAIL = True
    assert_unknown(sso("liar", email=user.email, email_verified=False), client, sso.institution)
    sso("silent", email=user.email)
    assert client.session["_auth_user_id"] == str(user.pk)


@pytest.mark.parametrize("right", ["is_staff", "is_superuser"])
def test_an_address_alone_never_opens_an_administrators_account(sso, client, right):
    user = UserFactory(**{right: True})
    page = sso("pretender", email=user.email, email_verified=True)
    assert_unknown(page, client, sso.institution)
    SocialAccount.objects.create(user=user, provider="sso", uid="first")
    sso("first", email=user.email, email_verified=True)
    assert client.session["_auth_user_id"] == str(user.pk)


def test_the_provider_opens_the_accounts_of_one_institution(sso, client, settings, caplog):
    user = UserFactory()
    other = InstitutionFactory(name="Université du Sud", short_name="Sud")
    stranger = UserFactory(institution=other)
    for named in ("", "Nord", "999999"):  # which one is not known: nobody is matched, and the log says why
        settings.OIDC_INSTITUTION = named
        caplog.clear()
        assert sso("lost", email=user.email, email_verified=True).status_code == 403
        assert "OIDC_INSTITUTION" in caplog.text
    for named in (sso.institution.short_name, str(sso.institution.pk)):
        settings.OIDC_INSTITUTION = named
        assert sso("elsewhere", email=stranger.email, email_verified=True).status_code == 403
    assert not SocialAccount.objects.exists()
    sso("here", email=user.email, email_verified=True)
    assert client.session["_auth_user_id"] == str(user.pk)


def assert_unknown(page, client, institution):
    assert page.status_code == 403
    assert page.redirect_chain[-1][0] == reverse("unknown_identity")
    assert "Nous ne vous trouvons pas dans les dossiers" in page.text
    assert institution.support_email in page.text
    assert "_auth_user_id" not in client.session
    assert not SocialAccount.objects.exclude(uid="first").exists()


def test_an_unknown_person_is_told_whom_to_contact_and_gets_no_account(sso, client):
    page = sso("stranger", email="inconnu@ailleurs.example", email_verified=True)
    assert_unknown(page, client, sso.institution)
    assert "inconnu@ailleurs.example" in page.text
    assert not User.objects.exists()


@pytest.mark.parametrize("verified", [False, "false", None, 0])
def test_an_address_not_verified_proves_nothing(sso, client, verified):
    user = UserFactory()
    assert_unknown(
        sso(f"liar-{verified}", email=user.email, email_verified=verified), client, sso.institution
    )


def test_no_address_at_all(sso, client):
    UserFactory()
    assert_unknown(sso("nobody"), client, sso.institution)


def test_an_address_given_to_somebody_new_does_not_open_the_old_account(sso, client):
    user = UserFactory()
    SocialAccount.objects.create(user=user, provider="sso", uid="first")
    assert_unknown(sso("second", email=user.email, email_verified=True), client, sso.institution)


@pytest.mark.parametrize("linked", [True, False])
def test_a_closed_account_stays_closed(sso, client, linked):
    user = UserFactory(is_active=False)
    if linked:
        SocialAccount.objects.create(user=user, provider="sso", uid="first")
    assert_unknown(sso("first", email=user.email, email_verified=True), client, sso.institution)


def test_signing_in_while_signed_in_never_links_two_people(sso, client):
    user, other = UserFactory(), UserFactory()
    client.force_login(user)
    leave = client.post(f"{START}?process=connect")
    claims = {"email": other.email, "email_verified": True}
    httpx.put(f"{leave.url.split('/oauth2')[0]}/users/other", json=claims).raise_for_status()
    back = httpx.post(leave.url, data={"sub": "other"})
    client.get(back.headers["location"].removeprefix("http://testserver"))
    assert SocialAccount.objects.get().user == other
    assert client.session["_auth_user_id"] == str(other.pk)


def test_an_answer_nobody_asked_for_is_refused(sso, client):
    page = client.get("/compte/sso/retour/?code=stolen&state=invented")
    assert page.status_code == 401
    assert "n’a pas abouti" in page.text


def test_giving_up_at_the_provider(sso, client, provider):
    leave = client.post(START)
    back = httpx.URL(httpx.post(leave.url, data={"action": "deny"}).headers["location"])
    # The mock forgets the state, which RFC 6749 (4.1.2.1) asks a provider to send back.
    state = httpx.URL(leave.url).params["state"]
    page = client.get(back.path, {"error": back.params["error"], "state": state}, follow=True)
    assert "Vous avez interrompu la connexion" in page.text


def test_a_provider_that_does_not_answer(client, settings):
    configure(settings, f"http://127.0.0.1:{embedded.free_port()}")
    for page in [client.post(START), client.get("/compte/sso/retour/?code=a&state=b")]:
        assert page.status_code in {401, 503}
        assert "n’a pas abouti" in page.text


def test_the_provider_goes_away_between_the_two_steps(sso, client, settings, provider):
    leave = client.post(START)
    httpx.put(f"{provider}/users/gone", json={}).raise_for_status()
    back = httpx.post(leave.url, data={"sub": "gone"})
    configure(settings, f"http://127.0.0.1:{embedded.free_port()}")
    page = client.get(back.headers["location"].removeprefix("http://testserver"))
    assert page.status_code == 503
    assert "n’a pas abouti" in page.text


def test_who_only_has_the_single_sign_on_gets_no_password(client, settings, provider):
    configure(settings, provider)
    user = UserFactory()
    user.set_unusable_password()
    user.save()
    client.post(reverse("account_reset_password"), {"email": user.email})
    settings.DELIVERY_EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    sweep_messages()
    [message] = mail.outbox
    assert message.to == [user.email]
    assert message.subject == "Connectez-vous avec le compte de l’université"
    assert "/compte/connexion/" in message.body
    assert "/oubli/" not in message.body
