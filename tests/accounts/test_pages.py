"""The e-mails of the demo, the header of every page, what a person is, and the administration."""

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db.models import CharField, TextField
from django.template import engines
from django.test import Client
from django.urls import reverse

from accounts.demo import ACCOUNTS
from accounts.models import Institution, Message, Student, User
from organisations.models.roles import Roles, roles_of
from tests.factories import (
    AdminFactory,
    InstitutionFactory,
    ManagerFactory,
    MessageFactory,
    StudentFactory,
    TeacherFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


class TestDemoMails:
    @pytest.fixture
    def demo(self, settings):
        settings.DEMO = True

    def test_nowhere_but_in_the_demo(self, client):
        mail = MessageFactory()
        client.force_login(AdminFactory())
        assert client.get(reverse("demo_mails")).status_code == 404
        assert client.get(reverse("demo_mail", args=[mail.pk])).status_code == 404

        entered = client.post(reverse("demo_enter"), {"email": ACCOUNTS[0].email})
        assert entered.status_code == 404
        assert reverse("demo_enter") not in Client().get(reverse("account_login")).text

    def test_each_role_is_entered_by_one_click(self, client, demo):
        InstitutionFactory()
        for account in ACCOUNTS:
            UserFactory(email=account.email)
            page = Client().get(reverse("account_login"))
            assert f'value="{account.email}"' in page.text
            browser = Client()
            answer = browser.post(
                reverse("demo_enter"), {"email": account.email, "next": reverse("calculator")}
            )
            assert answer.url == reverse("calculator")
            assert browser.get(reverse("home")).context["user"].email == account.email

    def test_nobody_else_is_entered_nor_sent_elsewhere(self, client, demo):
        InstitutionFactory()
        listed, other = UserFactory(email=ACCOUNTS[0].email), UserFactory()
        closed = UserFactory(email=ACCOUNTS[1].email, is_active=False)
        for email in (other.email, closed.email, "", listed.email.upper()):
            assert client.post(reverse("demo_enter"), {"email": email}).status_code == 404
        answer = client.post(
            reverse("demo_enter"), {"email": listed.email, "next": "https://ailleurs.example/"}
        )
        assert answer.url == reverse("home")

    def test_everybody_reads_every_mail_there(self, client, demo):
        first = MessageFactory(subject="Premier")
        MessageFactory(subject="Second")
        page = client.get(reverse("demo_mails"))
        assert page.text.index("Second") < page.text.index("Premier")
        page = client.get(reverse("demo_mails"), {"destinataire": first.recipient.upper()})
        assert "Premier" in page.text
        assert "Second" not in page.text
        assert (
            "Aucun courriel pour ce destinataire"
            in client.get(reverse("demo_mails") + "?destinataire=zz").text
        )
        assert reverse("demo_mails") in client.get(reverse("account_login")).text

    def test_links_work_and_markup_does_not(self, client, demo):
        mail = MessageFactory(text="Lire :\nhttp://127.0.0.1:8000/conventions/7/\n<script>alert(1)</script>")
        page = client.get(reverse("demo_mail", args=[mail.pk]))
        assert 'href="http://127.0.0.1:8000/conventions/7/"' in page.text
        assert "<script>alert" not in page.text

    def test_same_cost_for_one_and_fifty(self, client, demo, django_assert_num_queries):
        InstitutionFactory()
        MessageFactory()
        for total in (1, 50):
            MessageFactory.create_batch(total - Message.objects.count())
            with django_assert_num_queries(3):  # count, rows, institution of the header
                client.get(reverse("demo_mails"))


class TestRoles:
    def test_a_union_read_once(self, django_assert_num_queries):
        user = UserFactory()
        student = StudentFactory(user=user)
        managements = ManagerFactory.create_batch(2, user=user)
        teacher = TeacherFactory(user=user)
        with django_assert_num_queries(1):
            assert roles_of(user) is roles_of(user)
        assert roles_of(user) == Roles(
            student.pk,
            frozenset(manager.centre_id for manager in managements),
            frozenset([teacher.pk]),
            False,
        )

    def test_nobody_and_closed_accounts_have_none(self, rf, client):
        closed = ManagerFactory(user__is_active=False).user
        assert roles_of(closed) == Roles()
        assert not roles_of(UserFactory()).is_student


class TestHeader:
    def labels(self, client, user=None):
        if user:
            client.force_login(user)
        context = client.get(reverse("account_reset_password")).context
        return [link.label for link in context["nav"]], str(context["current_user_roles"])

    @pytest.mark.parametrize(
        ("make", "labels", "roles"),
        [
            (lambda: None, ["Calculer un stage"], ""),
            (lambda: StudentFactory().user, ["Mes conventions", "Calculer un stage"], "Étudiant"),
            (lambda: TeacherFactory().user, ["Accueil", "Conventions", "Calculer un stage"], "Enseignant"),
            (
                lambda: ManagerFactory().user,
                ["Accueil", "Conventions", "Annuaire", "Saisir pour un étudiant", "Calculer un stage"],
                "Gestionnaire",
            ),
            (
                AdminFactory,
                ["Accueil", "Conventions", "Annuaire", "Imports", "Calculer un stage", "Administration"],
                "Administrateur",
            ),
            (
                lambda: TeacherFactory(user=ManagerFactory().user).user,
                ["Accueil", "Conventions", "Annuaire", "Saisir pour un étudiant", "Calculer un stage"],
                "Gestionnaire, enseignant",
            ),
        ],
    )
    def test_where_each_may_go(self, client, make, labels, roles):
        assert self.labels(client, make()) == (labels, roles)

    def test_says_where_one_is(self, client, settings):
        settings.DEMO = True
        client.force_login(StudentFactory().user)
        context = client.get(reverse("demo_mails")).context
        assert [link.label for link in context["nav"] if link.current] == ["Courriels"]

    def test_a_stranger_sees_the_only_institution_and_none_of_two(self, client):
        first = InstitutionFactory(name="Université du Nord")
        assert first.name in client.get(reverse("account_login")).text
        second = InstitutionFactory(name="Université du Sud")
        page = client.get(reverse("account_login")).text
        assert first.name not in page
        client.force_login(UserFactory(institution=second))
        assert second.name in client.get(reverse("account_change_password")).text

    def test_a_page_without_header_asks_nothing(self, rf, django_assert_num_queries):
        request = rf.get("/")
        request.user = StudentFactory().user
        with django_assert_num_queries(0):
            assert engines["django"].from_string("bonjour").render({}, request) == "bonjour"


class TestAdministration:
    @pytest.fixture(autouse=True)
    def admin_signed_in(self, client):
        self.admin = AdminFactory()
        client.force_login(self.admin)

    @pytest.mark.ignore_template_errors  # Django's own templates read undefined variables
    @pytest.mark.parametrize("model", [Institution, User, Student, Message])
    def test_every_page_opens(self, client, model):
        row = {
            Institution: InstitutionFactory,
            User: UserFactory,
            Student: StudentFactory,
            Message: MessageFactory,
        }
        pk = row[model]().pk
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        assert client.get(reverse(f"{name}_changelist"), {"q": "Élève durand"}).status_code == 200
        assert client.get(reverse(f"{name}_change", args=[pk])).status_code == 200
        expected = 403 if model in (Message, Institution) else 200
        assert client.get(reverse(f"{name}_add")).status_code == expected

    def test_makes_a_person_who_signs_in_by_the_university(self, client):
        institution = InstitutionFactory()
        response = client.post(
            reverse("admin:accounts_user_add"),
            {
                "email": "Nouvelle@valmont.example",
                "first_name": "Élodie",
                "last_name": "Nguyễn",
                "institution": institution.pk,
                "usable_password": "false",
            },
        )
        assert response.status_code == 302
        user = User.objects.get(email="Nouvelle@valmont.example")
        assert not user.has_usable_password()
        assert user.search_key == "nguyen elodie"

    def test_one_address_one_person_in_any_case(self, client):
        taken = UserFactory(email="camille@valmont.example")
        page = client.post(
            reverse("admin:accounts_user_add"),
            {
                "email": taken.email.upper(),
                "first_name": "A",
                "last_name": "B",
                "institution": "",
                "usable_password": "false",
            },
        )
        assert "Quelqu’un a déjà cette adresse électronique." in page.text

    def test_an_assistant_cannot_take_over_an_administrator(self, client):
        assistant = UserFactory(is_staff=True)
        assistant.user_permissions.set(Permission.objects.filter(content_type__model="user"))
        client.force_login(assistant)
        person = UserFactory()
        assert client.get(reverse("admin:auth_user_password_change", args=[person.pk])).status_code == 200
        assert client.get(reverse("admin:auth_user_password_change", args=[self.admin.pk])).status_code == 403
        client.post(
            reverse("admin:accounts_user_change", args=[person.pk]),
            {
                "email": person.email,
                "first_name": "A",
                "last_name": "B",
                "is_superuser": "on",
                "is_active": "on",
            },
        )
        person.refresh_from_db()
        assert person.first_name == "A"
        assert not person.is_superuser

    def test_parked_mails_are_sent_again(self, client, django_capture_on_commit_callbacks):
        parked = MessageFactory(state=Message.State.FAILED, attempts=8, server_answer="550 non")
        sent = MessageFactory(state=Message.State.SENT)
        with django_capture_on_commit_callbacks() as callbacks:
            page = client.post(
                reverse("admin:accounts_message_changelist"),
                {"action": "send_again", "_selected_action": [parked.pk, sent.pk]},
                follow=True,
            )
        assert "1 courriel va repartir." in page.text
        assert len(callbacks) == 1
        parked.refresh_from_db()
        sent.refresh_from_db()
        assert (parked.state, parked.attempts, sent.state) == ("waiting", 0, "sent")

    def test_links_that_open_accounts_are_hidden(self, client):
        secret = MessageFactory(key="password-reset/1", text="")
        page = client.get(reverse("admin:accounts_message_change", args=[secret.pk]))
        assert "Masqué" in page.text

    def test_no_list_answers_a_filter_that_it_does_not_show(self, client, subtests):
        """A column asked for in the address of a list would be guessed letter by letter, for each of them."""
        for model, model_admin in admin.site._registry.items():
            url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
            shown = {each if isinstance(each, str) else each[0] for each in model_admin.list_filter}
            columns = [column for column in model._meta.get_fields() if column.name not in shown]
            asked = {f"{column.name}__isnull": "0" for column in columns}
            for column in columns:
                if isinstance(column, (CharField, TextField)):
                    asked |= {
                        f"{column.name}__{way}": "a" for way in ("regex", "startswith", "gte", "iexact")
                    }
                    asked[column.name] = "a"
                elif column.is_relation and column.related_model:
                    asked |= {
                        f"{column.name}__{far.name}__{way}": "a"
                        for far in column.related_model._meta.get_fields()
                        if isinstance(far, (CharField, TextField))
                        for way in ("regex", "exact")
                    }
            asked |= {f"{name}__regex": "." for name in shown}
            for lookup, value in asked.items():
                with subtests.test(model._meta.label, lookup=lookup):
                    assert not model_admin.lookup_allowed(lookup, value)
            lookup, value = next(iter(asked.items()))
            with subtests.test(url):
                assert client.get(url, {lookup: value}).status_code == 400

    def test_every_filter_shown_is_answered(self, client, subtests):
        for model in admin.site._registry:
            url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
            changes = client.get(url).context["cl"]
            for each in changes.filter_specs:
                for choice in each.choices(changes):
                    with subtests.test(choice["query_string"], model=model._meta.label):
                        assert client.get(url + choice["query_string"]).status_code == 200

    def test_an_identity_is_unlinked_never_linked_by_hand(self, client):
        identity = SocialAccount.objects.create(user=UserFactory(), provider="sso", uid="camille")
        assert client.get(reverse("admin:socialaccount_socialaccount_add")).status_code == 403
        url = reverse("admin:socialaccount_socialaccount_change", args=[identity.pk])
        client.post(url, {"user": self.admin.pk, "provider": "sso", "uid": "camille", "extra_data": "{}"})
        identity.refresh_from_db()
        assert identity.user != self.admin
        client.post(reverse("admin:socialaccount_socialaccount_delete", args=[identity.pk]), {"post": "yes"})
        assert not SocialAccount.objects.exists()

    def test_sso_secrets_are_not_kept_there(self):
        registered = {model._meta.label for model in admin.site._registry}
        assert "socialaccount.SocialAccount" in registered
        assert registered.isdisjoint({"socialaccount.SocialApp", "socialaccount.SocialToken"})
