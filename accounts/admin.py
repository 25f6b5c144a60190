"""Administration of institutions, people and e-mails."""

from __future__ import annotations

from importlib import import_module
from typing import Any, TypeVar

from allauth.account.models import EmailAddress
from allauth.socialaccount import admin as socialaccount
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin, messages
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import Group
from django.db.models import ForeignKey, Model, QuerySet
from django.db.models.options import Options
from django.forms import ModelChoiceField
from django.http import HttpRequest
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.folding import fold
from accounts.mail.outbox import replay
from accounts.models import Institution, Message, Student, User
from accounts.storage import rows_and_files

# Addresses live on the person and providers in the environment: these lists would only mislead. Importing
# allauth's admin modules registers them all.
import_module("allauth.account.admin")
admin.site.unregister([EmailAddress, SocialAccount, SocialApp, SocialToken])
# Registered again below, with lists that answer what they show.
admin.site.unregister(Group)

# What Django's own filters put in an address after the name of their column.
ASKED_BY_A_FILTER = ("", "__exact", "__isnull", "__isempty", "__gte", "__lt")


def sees_all(request: HttpRequest) -> bool:
    """Whoever installs the site administers every institution; whoever belongs to one, that one."""
    return request.user.is_superuser and own_institution(request) is None


def own_institution(request: HttpRequest) -> int | None:
    assert isinstance(request.user, User)
    return request.user.institution_id


Row = TypeVar("Row", bound=Model)


class ListedAdmin(admin.ModelAdmin[Row]):
    """The base of every list: it answers the filters that it shows, and no other column named in its address.

    Django lets any column of a row be asked for (``text__regex``): a secret could be guessed letter by letter.
    """

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        listed = self.get_list_filter(request) if request is not None else self.list_filter
        return any(lookup in asked_by(self.opts, each) for each in listed)


def asked_by(options: Options[Any], listed: Any) -> set[str]:
    """Return what the filter of a list may put in its address."""
    if not isinstance(listed, (str, tuple, list)):
        return {listed.parameter_name}
    name = listed if isinstance(listed, str) else listed[0]
    column = options.get_field(name)
    keys = [name]
    if isinstance(column, ForeignKey):
        keys = [f"{name}__{column.target_field.name}", name]
    return {key + asked for key in keys for asked in ASKED_BY_A_FILTER}


class WithinInstitution(BaseModelAdmin[Row]):
    """Staff attached to an institution see, choose and edit only its rows; mixed in before any admin or inline."""

    institution_path = "institution"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Row]:
        rows = super().get_queryset(request)
        return rows if sees_all(request) else rows.filter(**{self.institution_path: own_institution(request)})

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **options: Any
    ) -> ModelChoiceField[Any] | None:
        """Offer, and accept, only what the list of these rows shows; one's own institution is not a choice."""
        others = self.admin_site._registry.get(db_field.related_model)
        if others is not None:
            options["queryset"] = others.get_queryset(request)
        if db_field.related_model is Institution and not sees_all(request):
            options |= {"initial": own_institution(request), "disabled": True}
        return super().formfield_for_foreignkey(db_field, request, **options)


class ReadOnlyMixin:
    """Shown, never touched: only the application writes it."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class OwnRows(admin.RelatedFieldListFilter):
    """A filter that names only what the reader may see."""

    def field_choices(
        self, field: Any, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, Any]]:
        others = model_admin.admin_site.get_model_admin(field.related_model)
        choices: list[tuple[str, Any]] = field.get_choices(
            include_blank=False,
            ordering=self.field_admin_ordering(field, request, model_admin),
            limit_choices_to={"pk__in": others.get_queryset(request).values("pk")},
        )
        return choices


# For whatever inherits the model of this name.
STRICTER_RULES: tuple[Any, Any] = (
    _("Règles plus strictes que la loi"),
    {
        "description": _(
            "Laissez vide ce qui suit seulement la loi. Un centre peut être plus strict que son établissement."
        ),
        "fields": [
            ("last_end_day", "last_end_month"),
            "referent_ceiling",
            "gratification_threshold",
            "requires_insurance",
        ],
    },
)


@admin.register(SocialAccount)
class IdentityAdmin(
    WithinInstitution[SocialAccount], ListedAdmin[SocialAccount], socialaccount.SocialAccountAdmin
):
    """The identities at the single sign-on: unlinked here, but never linked by hand, which would open any account."""

    institution_path = "user__institution"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: SocialAccount | None = None) -> bool:
        return False


@admin.register(Group)
class GroupAdmin(ListedAdmin[Group], DjangoGroupAdmin):
    """Rights given together."""


@admin.register(Institution)
class InstitutionAdmin(WithinInstitution[Institution], ListedAdmin[Institution]):
    institution_path = "pk"
    list_display = ["name", "short_name", "city", "email"]
    fieldsets = [
        (None, {"fields": ["name", "short_name", "logo", "accent_hue"]}),
        (
            _("Coordonnées"),
            {"fields": ["street", "address_extra", "postal_code", "city", "country", "phone"]},
        ),
        (_("Adresses électroniques"), {"fields": ["email", "support_email"]}),
        (_("Sur les conventions"), {"fields": ["legal_representative", "legal_representative_title"]}),
        (_("Fin de l’année universitaire"), {"fields": ["year_end_month", "year_end_day"]}),
        (_("Conservation des conventions"), {"fields": ["years_active", "years_archived"]}),
        STRICTER_RULES,
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return sees_all(request) and super().has_add_permission(request)

    def changeform_view(self, *args: Any, **kwargs: Any) -> Any:
        """A logo goes with the row that is not saved."""
        with rows_and_files():
            return super().changeform_view(*args, **kwargs)


class UserCreationForm(AdminUserCreationForm[User]):
    """Makes a person, with a password or without one when they use the single sign-on."""

    class Meta:
        model = User
        fields = ["email", "first_name", "last_name", "institution"]


@admin.register(User)
class UserAdmin(WithinInstitution[User], ListedAdmin[User], DjangoUserAdmin[User]):
    add_form = UserCreationForm
    list_display = ["last_name", "first_name", "email", "institution", "is_active", "is_staff"]
    list_display_links = ["last_name", "first_name"]
    list_filter = ["is_active", "is_staff", "is_superuser", ("institution", OwnRows)]
    list_select_related = ["institution"]
    search_fields = ["email", "search_key"]
    ordering = ["search_key", "pk"]
    show_full_result_count = False
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["email", "password"]}),
        (_("Personne"), {"fields": ["first_name", "last_name", "institution"]}),
        (_("Droits"), {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]}),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["email", "first_name", "last_name", "institution"]}),
        (_("Mot de passe"), {"fields": ["usable_password", "password1", "password2"]}),
    ]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        """Find names without accents, as everywhere else; an address is searched as typed."""
        return super().get_search_results(
            request, queryset, search_term if "@" in search_term else fold(search_term)
        )

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """Only an administrator makes another one."""
        rights = [] if request.user.is_superuser else ["is_superuser", "groups", "user_permissions"]
        return [*self.readonly_fields, *rights]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Nobody takes over an administrator's account by giving it a new password."""
        return self.is_within_reach(request, obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return self.is_within_reach(request, obj) and super().has_delete_permission(request, obj)

    @staticmethod
    def is_within_reach(request: HttpRequest, person: User | None) -> bool:
        return person is None or not person.is_superuser or request.user.is_superuser


@admin.register(Student)
class StudentAdmin(WithinInstitution[Student], ListedAdmin[Student]):
    list_display = ["number", "user", "institution"]
    list_filter = [("institution", OwnRows)]
    list_select_related = ["user", "institution"]
    search_fields = ["number", "user__search_key", "user__email"]
    ordering = ["number", "pk"]
    autocomplete_fields = ["user"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Student]:
        return super().get_queryset(request).filter(is_anonymous=False)


@admin.register(Message)
class MessageAdmin(WithinInstitution[Message], ListedAdmin[Message]):
    """The outbox, to read; what was parked after several failures can be sent again."""

    list_display = ["created_at", "recipient", "subject", "state", "answer"]
    list_filter = ["state"]
    search_fields = ["recipient", "subject"]
    show_full_result_count = False
    actions = ["send_again"]
    fields = [
        "key",
        "sender",
        "recipient",
        "subject",
        "content",
        "state",
        "attempts",
        "next_attempt_at",
        "server_answer",
        "created_at",
        "sent_at",
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        return False

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_message")

    @admin.display(description=_("Texte"))
    def content(self, message: Message) -> str:
        """A link that opens somebody's account is for that person only: the row does not hold it."""
        if message.opens_an_account:
            return str(_("Masqué : ce courriel contient un lien personnel."))
        return message.text

    @admin.display(description=_("Réponse du serveur"))
    def answer(self, message: Message) -> str:
        return Truncator(message.server_answer).chars(60)

    @admin.action(description=_("Renvoyer les courriels mis de côté"), permissions=["replay"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        count = replay(queryset)
        text = ngettext("%(count)s courriel va repartir.", "%(count)s courriels vont repartir.", count)
        level: Any = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, text % {"count": count}, level)
