"""Administration of hosts, of the university's structure and of their reference lists."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.contrib.postgres.forms import SplitArrayField, SplitArrayWidget
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin import STRICTER_RULES, OwnRows, WithinInstitution
from accounts.folding import fold
from organisations.fields import SiretField, WebsiteField
from organisations.models import (
    Centre,
    Commune,
    Contact,
    Enrolment,
    HeadcountBand,
    LegalForm,
    Manager,
    NafCode,
    Organisation,
    Party,
    Programme,
    Service,
    Teacher,
    Ufr,
)
from organisations.models.university import academic_year_label, default_signature_order


class FoldedSearch(admin.ModelAdmin):
    """Finds people and hosts without accents or case, through their stored search key."""

    show_full_result_count = False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        return super().get_search_results(request, queryset, fold(search_term))


class OrganisationForm(forms.ModelForm):
    class Meta:
        field_classes = {"siret": SiretField, "website": WebsiteField}


class ServiceInline(admin.StackedInline):
    model = Service
    extra = 0
    fields = [("name", "phone"), ("street", "address_extra"), ("postal_code", "city", "country")]


class ContactInline(admin.StackedInline):
    model = Contact
    extra = 0
    fields = [("civility", "first_name", "last_name"), ("function", "department"), ("phone", "email")]


@admin.register(Organisation)
class OrganisationAdmin(FoldedSearch):
    form = OrganisationForm
    list_display = ["name", "city", "country", "siret", "is_verified", "created_at"]
    list_filter = ["is_verified", "siret_exemption", "legal_form", "created_at"]
    search_fields = ["search_key__contains", "siret__contains"]
    ordering = ["search_key", "pk"]
    autocomplete_fields = ["naf_code"]
    readonly_fields = ["author", "created_at", "updated_at"]
    inlines = [ServiceInline, ContactInline]
    fieldsets = [
        (None, {"fields": ["name", "is_verified"]}),
        (_("Identité"), {"fields": ["siret", "siret_exemption", "local_identifier", "legal_form"]}),
        (_("Activité"), {"fields": ["naf_code", "activity", "headcount_band"]}),
        (_("Adresse"), {"fields": ["street", "address_extra", "postal_code", "city", "country"]}),
        (_("Contact"), {"fields": ["phone", "email", "website"]}),
        (_("Suivi"), {"fields": ["author", "created_at", "updated_at"]}),
    ]

    @admin.display(description=_("Créé par"))
    def author(self, organisation: Organisation) -> str:
        return str(organisation.created_by or "")


class RankedWidget(SplitArrayWidget):
    """One choice per line, numbered."""

    template_name = "organisations/ranked.html"


class CentreForm(forms.ModelForm):
    signature_order = SplitArrayField(
        forms.ChoiceField(choices=Party),
        size=len(Party),
        widget=RankedWidget(forms.Select(choices=Party), len(Party)),
        initial=default_signature_order,
        label=_("Ordre des signatures"),
        help_text=_("De la première à la dernière partie qui signe."),
    )


class ManagerInline(WithinInstitution, admin.TabularInline):
    institution_path = "centre__institution"
    model = Manager
    extra = 0
    autocomplete_fields = ["user"]


@admin.register(Centre)
class CentreAdmin(WithinInstitution, admin.ModelAdmin):
    form = CentreForm
    list_display = ["name", "institution", "mailbox", "signatory_name"]
    list_filter = [("institution", OwnRows)]
    list_select_related = ["institution"]
    search_fields = ["name", "mailbox"]
    inlines = [ManagerInline]
    fieldsets = [
        (None, {"fields": ["institution", "name"]}),
        (_("Coordonnées"), {"fields": ["mailbox", "phone", "address", "notified"]}),
        (_("Pour les étudiants"), {"fields": ["instructions"]}),
        (
            _("Approbation et signatures"),
            {"fields": ["teacher_approves", "signatory_name", "signatory_title", "signature_order"]},
        ),
        (_("Exemplaires"), {"fields": ["copies_france", "copies_abroad"]}),
        STRICTER_RULES,
    ]


@admin.register(Ufr)
class UfrAdmin(WithinInstitution, admin.ModelAdmin):
    list_display = ["name", "code", "centre", "institution"]
    list_filter = [("institution", OwnRows)]
    list_select_related = ["centre", "institution"]
    search_fields = ["name", "code"]
    autocomplete_fields = ["centre"]


@admin.register(Programme)
class ProgrammeAdmin(WithinInstitution, admin.ModelAdmin):
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
    ]


@admin.register(Enrolment)
class EnrolmentAdmin(WithinInstitution, FoldedSearch):
    institution_path = "student__institution"
    list_display = ["student", "programme", "year"]
    list_filter = ["academic_year"]
    list_select_related = ["student__user", "programme"]
    search_fields = ["student__user__search_key__contains", "student__number", "programme__code"]
    autocomplete_fields = ["student", "programme"]

    @admin.display(description=_("Année universitaire"), ordering="academic_year")
    def year(self, enrolment: Enrolment) -> str:
        return academic_year_label(enrolment.academic_year)


@admin.register(Manager)
class ManagerAdmin(WithinInstitution, FoldedSearch):
    institution_path = "centre__institution"
    list_display = ["user", "centre"]
    list_filter = [("centre", OwnRows)]
    list_select_related = ["user", "centre"]
    search_fields = ["user__search_key__contains"]
    autocomplete_fields = ["user", "centre"]


@admin.register(Teacher)
class TeacherAdmin(WithinInstitution, FoldedSearch):
    institution_path = "ufr__institution"
    list_display = ["user", "ufr", "position", "phone", "office"]
    list_filter = [("ufr", OwnRows)]
    list_select_related = ["user", "ufr"]
    search_fields = ["user__search_key__contains"]
    autocomplete_fields = ["user", "ufr"]


class ReferenceAdmin(admin.ModelAdmin):
    """A list loaded from a file: what identifies a row is fixed, or the next load would add it again."""

    key: tuple[str, ...] = ("code",)

    def get_readonly_fields(self, request: HttpRequest, obj: object | None = None) -> tuple[str, ...]:
        return self.key if obj else ()


@admin.register(LegalForm)
class LegalFormAdmin(ReferenceAdmin):
    list_display = ["label", "code", "is_public_law"]
    list_filter = ["is_public_law"]
    search_fields = ["label", "code"]


@admin.register(HeadcountBand)
class HeadcountBandAdmin(ReferenceAdmin):
    list_display = ["label", "code", "minimum", "maximum"]


@admin.register(NafCode)
class NafCodeAdmin(ReferenceAdmin):
    key = ("version", "code")
    list_display = ["code", "label", "version", "section"]
    list_filter = ["version", "section"]
    search_fields = ["code", "label"]


@admin.register(Commune)
class CommuneAdmin(ReferenceAdmin):
    key = ("postal_code", "name")
    list_display = ["name", "postal_code"]
    search_fields = ["name", "postal_code__startswith"]
    show_full_result_count = False
