"""Administration of hosts, of the university's structure and of their reference lists."""

from __future__ import annotations

from collections import Counter
from typing import TypeVar

from django import forms
from django.contrib import admin
from django.contrib.postgres.forms import SimpleArrayField, SplitArrayField, SplitArrayWidget
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.admin import (
    STRICTER_RULES,
    ListedAdmin,
    OwnRows,
    ReadOnlyMixin,
    WithinInstitution,
    own_institution,
    sees_all,
)
from accounts.folding import fold
from accounts.models import User
from organisations import reliance
from organisations.fields import SiretField, WebsiteField
from organisations.models import (
    Ban,
    Centre,
    Commune,
    Contact,
    Destination,
    Enrolment,
    HeadcountBand,
    LegalForm,
    Manager,
    Merge,
    NafCode,
    Organisation,
    Paper,
    Party,
    Programme,
    SecurityOfficer,
    Service,
    Teacher,
    Ufr,
)
from organisations.models.host import ContactQuerySet
from organisations.models.university import academic_year_label, default_signature_order
from organisations.shared import SharedForm

Row = TypeVar("Row", bound=Model)


class FoldedSearch(ListedAdmin[Row]):
    """Finds people and hosts without accents or case, through their stored search key."""

    show_full_result_count = False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Row], search_term: str
    ) -> tuple[QuerySet[Row], bool]:
        return super().get_search_results(request, queryset, fold(search_term))


class OrganisationForm(forms.ModelForm[Organisation]):
    # One a line: a name may hold a comma.
    former_names = SimpleArrayField(
        forms.CharField(max_length=200, required=False),
        delimiter="\n",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        label=_("Anciens noms"),
        help_text=_("Un par ligne ; on les trouve encore."),
    )

    class Meta:
        field_classes = {"siret": SiretField, "website": WebsiteField}

    def clean_former_names(self) -> list[str]:
        return [name for name in self.cleaned_data["former_names"] if name]


def served(number: int) -> str:
    """Return what changes with a record, in words."""
    text = ngettext(
        "%(number)s convention qui peut encore changer",
        "%(number)s conventions qui peuvent encore changer",
        number,
    )
    return text % {"number": number}


class OfHost(admin.StackedInline[Row, Organisation]):
    """What hangs on a host, each row with what changes with it; counted for all of them together."""

    extra = 0
    readonly_fields = ["serves"]
    numbers: Counter[int] | None = None

    @admin.display(description=_("Sert à"))
    def serves(self, row: Service | Contact) -> str:
        if row._state.adding:
            return ""
        if self.numbers is None:
            rows = self.model._default_manager.filter(organisation=row.organisation_id)
            self.numbers = reliance.numbers(self.model, list(rows.values_list("pk", flat=True)))
        return served(self.numbers[row.pk])


class ServiceInline(OfHost[Service]):
    model = Service
    fields = [("name", "phone"), ("street", "address_extra"), ("postal_code", "city", "country"), "serves"]


class ContactInline(OfHost[Contact]):
    model = Contact
    fields = [
        ("civility", "first_name", "last_name"),
        ("function", "department"),
        ("phone", "email"),
        "serves",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Contact]:
        """Keep from the staff of one institution the people that only others may name."""
        contacts = super().get_queryset(request)
        assert isinstance(contacts, ContactQuerySet)
        assert isinstance(request.user, User)
        own = Centre.objects.filter(institution=own_institution(request))
        return contacts if sees_all(request) else contacts.known_in(own, request.user)


@admin.register(Organisation)
class OrganisationAdmin(FoldedSearch[Organisation]):
    form = OrganisationForm
    list_display = ["name", "city", "country", "siret", "is_open", "is_verified", "merged_into", "created_at"]
    list_filter = [
        "is_verified",
        "is_open",
        "is_private",
        ("merged_into", admin.EmptyFieldListFilter),
        "register",
        "siret_exemption",
        "legal_form",
        "created_at",
    ]
    list_select_related = ["merged_into"]
    search_fields = ["search_key__contains", "siret__contains"]
    ordering = ["search_key", "pk"]
    autocomplete_fields = ["naf_code"]
    readonly_fields = [
        "serves",
        "register",
        "refreshed_at",
        "verified_by",
        "verified_at",
        "merged_into",
        "author",
        "created_at",
        "updated_at",
    ]
    inlines = [ServiceInline, ContactInline]
    fieldsets = [
        (None, {"fields": ["serves", "name", "trade_name", "acronym", "former_names"]}),
        (_("Identité"), {"fields": ["siret", "siret_exemption", "local_identifier", "legal_form"]}),
        (_("Activité"), {"fields": ["naf_code", "activity", "headcount_band", ("is_open", "closed_on")]}),
        (_("Adresse"), {"fields": ["street", "address_extra", "postal_code", "city", "country"]}),
        (_("Contact"), {"fields": ["phone", "email", "website"]}),
        (_("Registre public"), {"fields": ["register", "refreshed_at", "is_locked", "is_private"]}),
        (
            _("Suivi"),
            {
                "fields": [
                    ("is_verified", "verified_by", "verified_at"),
                    "merged_into",
                    ("author", "created_at", "updated_at"),
                ]
            },
        ),
    ]

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Organisation | None:
        """Lock, then look: a record saved as it was before a merge would lose the names it has gained."""
        found: Organisation | None = super().get_object(request, object_id, from_field)
        if found and request.method == "POST":
            return Organisation.objects.select_for_update(no_key=True).get(pk=found.pk)
        return found

    def has_change_permission(self, request: HttpRequest, obj: Organisation | None = None) -> bool:
        """A record merged into another is only shown: it waits there for the merge to be undone."""
        return super().has_change_permission(request, obj) and not (obj and obj.merged_into_id)

    def save_model(
        self, request: HttpRequest, obj: Organisation, form: forms.ModelForm[Organisation], change: bool
    ) -> None:
        if "is_verified" in form.changed_data:
            assert isinstance(request.user, User)
            obj.verified_by = request.user if obj.is_verified else None
            obj.verified_at = timezone.now() if obj.is_verified else None
        super().save_model(request, obj, form, change)

    @admin.display(description=_("Sert à"))
    def serves(self, organisation: Organisation) -> str:
        return served(reliance.reliance_of(organisation).others) if organisation.pk else ""

    @admin.display(description=_("Créé par"))
    def author(self, organisation: Organisation) -> str:
        return str(organisation.created_by or "")


@admin.register(Merge)
class MergeAdmin(ReadOnlyMixin, ListedAdmin[Merge]):
    """What was merged, by whom; done and undone on the pages of the directory."""

    list_display = ["dropped", "kept", "by", "at", "undone_by", "undone_at"]
    list_select_related = ["dropped", "kept", "by", "undone_by"]
    list_filter = [("undone_at", admin.EmptyFieldListFilter), "at"]
    show_full_result_count = False


@admin.register(Ban)
class BanAdmin(ReadOnlyMixin, WithinInstitution[Ban], ListedAdmin[Ban]):
    """Whom an institution sends nobody to; pronounced and lifted on the page of the host."""

    list_display = ["organisation", "institution", "until", "by", "at", "lifted_at"]
    list_select_related = ["organisation", "institution", "by"]
    list_filter = [("institution", OwnRows), "until"]


class RankedWidget(SplitArrayWidget):
    """One choice per line, numbered."""

    template_name = "organisations/ranked.html"


class CentreForm(SharedForm, forms.ModelForm[Centre]):
    signature_order = SplitArrayField(
        forms.ChoiceField(choices=Party),
        size=len(Party),
        widget=RankedWidget(forms.Select(choices=Party), len(Party)),
        initial=default_signature_order,
        label=_("Ordre des signatures"),
        help_text=_("De la première à la dernière partie qui signe."),
    )

    required_papers = forms.MultipleChoiceField(
        choices=Paper,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        label=Centre._meta.get_field("required_papers").verbose_name,
        help_text=Centre._meta.get_field("required_papers").help_text,
    )


class ManagerInline(WithinInstitution[Manager], admin.TabularInline[Manager, Centre]):
    institution_path = "centre__institution"
    model = Manager
    extra = 0
    autocomplete_fields = ["user"]


@admin.register(Centre)
class CentreAdmin(WithinInstitution[Centre], ListedAdmin[Centre]):
    form = CentreForm
    change_form_template = "organisations/centre_admin.html"
    list_display = ["name", "institution", "mailbox", "signatory_name"]
    list_filter = [("institution", OwnRows)]
    list_select_related = ["institution"]
    search_fields = ["name", "mailbox"]
    inlines = [ManagerInline]
    fieldsets = [
        (None, {"fields": ["institution", "name"]}),
        (_("Coordonnées"), {"fields": ["mailbox", "phone", "address", "notified"]}),
        (_("Contacts chez les organismes"), {"fields": ["keeps_contacts"]}),
        (_("Pour les étudiants"), {"fields": ["instructions"]}),
        (
            _("Approbation et signatures"),
            {"fields": ["teacher_approves", "signatory_name", "signatory_title", "signature_order"]},
        ),
        (_("Pièces"), {"fields": ["required_papers"]}),
        (_("Destinations à risque"), {"fields": ["security_from", "destinations_days"]}),
        (_("Exemplaires"), {"fields": ["copies_france", "copies_abroad"]}),
        (
            _("Rappel de l’attestation de stage"),
            {"fields": ["certificate_days_before", "certificate_days_after", "certificate_days_reported"]},
        ),
        STRICTER_RULES,
    ]

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Centre | None:
        """Read a centre that is about to change under a lock: what its form merges with is what is stored."""
        centre = super().get_object(request, object_id, from_field)
        if centre is None or request.method != "POST":
            return centre
        return self.get_queryset(request).select_for_update().get(pk=centre.pk)


@admin.register(Ufr)
class UfrAdmin(WithinInstitution[Ufr], ListedAdmin[Ufr]):
    list_display = ["name", "code", "centre", "institution"]
    list_filter = [("institution", OwnRows)]
    list_select_related = ["centre", "institution"]
    search_fields = ["name", "code"]
    autocomplete_fields = ["centre"]


@admin.register(Programme)
class ProgrammeAdmin(WithinInstitution[Programme], ListedAdmin[Programme]):
    list_display = ["label", "code", "version", "level", "ufr", "centre"]
    list_filter = ["level", ("ufr", OwnRows)]
    list_select_related = ["ufr", "centre"]
    search_fields = ["label", "code"]
    autocomplete_fields = ["ufr", "centre"]
    fieldsets = [
        (None, {"fields": ["institution", "ufr", "centre"]}),
        (_("Étape"), {"fields": ["label", "code", "version", "level"]}),
        (_("Volume horaire"), {"fields": ["teaching_hours", "presence_hours", "presence_waiver"]}),
        (_("Gratification"), {"fields": ["gratification_regime"]}),
        (_("Dernier jour de fin de stage"), {"fields": [("last_end_day", "last_end_month")]}),
    ]


@admin.register(Enrolment)
class EnrolmentAdmin(WithinInstitution[Enrolment], FoldedSearch[Enrolment]):
    institution_path = "student__institution"
    list_display = ["student", "programme", "year"]
    list_filter = ["academic_year"]
    list_select_related = ["student__user", "programme"]
    search_fields = ["student__user__search_key__contains", "student__number", "programme__code"]
    autocomplete_fields = ["student", "programme"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Enrolment]:
        return super().get_queryset(request).filter(student__is_anonymous=False)

    @admin.display(description=_("Année universitaire"), ordering="academic_year")
    def year(self, enrolment: Enrolment) -> str:
        return academic_year_label(enrolment.academic_year)


@admin.register(Manager)
class ManagerAdmin(WithinInstitution[Manager], FoldedSearch[Manager]):
    institution_path = "centre__institution"
    list_display = ["user", "centre"]
    list_filter = [("centre", OwnRows)]
    list_select_related = ["user", "centre"]
    search_fields = ["user__search_key__contains"]
    autocomplete_fields = ["user", "centre"]


@admin.register(SecurityOfficer)
class SecurityOfficerAdmin(WithinInstitution[SecurityOfficer], FoldedSearch[SecurityOfficer]):
    list_display = ["user", "institution"]
    list_filter = [("institution", OwnRows)]
    list_select_related = ["user", "institution"]
    search_fields = ["user__search_key__contains"]
    autocomplete_fields = ["user"]


class DestinationForm(forms.ModelForm[Destination]):
    class Meta:
        field_classes = {"source_url": WebsiteField}


@admin.register(Destination)
class DestinationAdmin(WithinInstitution[Destination], ListedAdmin[Destination]):
    form = DestinationForm
    list_display = ["place", "level", "source", "checked_on", "institution"]
    list_filter = ["level", ("institution", OwnRows)]
    list_select_related = ["institution"]
    search_fields = ["country", "region"]


@admin.register(Teacher)
class TeacherAdmin(WithinInstitution[Teacher], FoldedSearch[Teacher]):
    institution_path = "ufr__institution"
    list_display = ["user", "ufr", "position", "phone", "office"]
    list_filter = [("ufr", OwnRows)]
    list_select_related = ["user", "ufr"]
    search_fields = ["user__search_key__contains"]
    autocomplete_fields = ["user", "ufr"]


class ReferenceAdmin(ListedAdmin[Row]):
    """A list loaded from a file: what identifies a row is fixed, or the next load would add it again."""

    key: tuple[str, ...] = ("code",)

    def get_readonly_fields(self, request: HttpRequest, obj: object | None = None) -> tuple[str, ...]:
        return self.key if obj else ()


@admin.register(LegalForm)
class LegalFormAdmin(ReferenceAdmin[LegalForm]):
    list_display = ["label", "code", "is_public_law"]
    list_filter = ["is_public_law"]
    search_fields = ["label", "code"]


@admin.register(HeadcountBand)
class HeadcountBandAdmin(ReferenceAdmin[HeadcountBand]):
    list_display = ["label", "code", "minimum", "maximum"]


@admin.register(NafCode)
class NafCodeAdmin(ReferenceAdmin[NafCode]):
    key = ("version", "code")
    list_display = ["code", "label", "version", "section"]
    list_filter = ["version", "section"]
    search_fields = ["code", "label"]


@admin.register(Commune)
class CommuneAdmin(ReferenceAdmin[Commune]):
    key = ("postal_code", "name")
    list_display = ["name", "postal_code"]
    search_fields = ["name", "postal_code__startswith"]
    show_full_result_count = False
