"""Forms that add to the shared directory, or correct what is in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from django import forms
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.folding import fold
from accounts.models import User
from organisations import directory
from organisations.conditions import Block
from organisations.directory import find_by_siret
from organisations.fields import (
    DateField,
    SiretField,
    WebsiteField,
    clean_phone,
    clean_postal_code,
    compact,
    is_withheld,
    one_line,
    without_invisible,
)
from organisations.models import Ban, Centre, Contact, NafCode, Note, Organisation, Service
from organisations.models.host import FRENCH_COUNTRIES, SIRENE_COUNTRIES
from organisations.register import naf, refreshing, sirene
from organisations.reliance import TOLD, Reliance
from organisations.shared import SharedForm

# About somebody else: the browser must not offer the student's own name and address.
THIRD_PARTY = {"autocomplete": "off"}
ADDRESS_FIELDS = ["street", "address_extra", "postal_code", "city", "country"]
LONGEST_BAN = 5  # years
# What Django's own fields say, which ours replace.
DJANGO: dict[str, object] = {
    **forms.DecimalField.default_error_messages,
    **forms.ModelMultipleChoiceField.default_error_messages,
    **forms.ChoiceField.default_error_messages,
    **forms.Field.default_error_messages,
}
RNA = re.compile(r"W[0-9][0-9A-Z][0-9]{7}")


def text_inputs(names: str, **special: forms.Widget) -> dict[str, forms.Widget]:
    """Return the widgets of text fields about a third party, by field name."""
    return {name: forms.TextInput(attrs=THIRD_PARTY) for name in names.split()} | special


# What Django says of a form or of a column, by code, in words that tell what to do.
TO_DO = {
    "max_length": _("C’est trop long : %(show_value)s caractères, pour %(limit_value)s au plus."),
    "min_length": _("C’est trop court : %(show_value)s caractères, pour %(limit_value)s au moins."),
    "max_value": _("C’est trop : %(limit_value)s au plus."),
    "min_value": _("C’est trop peu : %(limit_value)s au moins."),
    "max_digits": _("Ce nombre a trop de chiffres : %(max)s au plus."),
    "max_decimal_places": _("Écrivez %(max)s chiffres au plus après la virgule."),
    "max_whole_digits": _("Ce nombre est trop grand : %(max)s chiffres au plus avant la virgule."),
    "invalid_choice": _("Cette réponse n’est plus dans la liste : choisissez-en une autre."),
    "invalid_list": _("Cochez une ou plusieurs réponses."),
    "null_characters_not_allowed": _("Ce texte contient un caractère invisible : tapez-le à nouveau."),
}


def say_what_to_do(form: forms.BaseForm) -> None:
    """Replace what Django says of a field, such as « Ce champ est obligatoire », by what the person should do."""
    for field in form.fields.values():
        for code, text in TO_DO.items():
            if field.error_messages.get(code, DJANGO.get(code)) == DJANGO.get(code):
                field.error_messages[code] = text
        if field.error_messages.get("required") == DJANGO["required"]:
            field.error_messages["required"] = required_of(field)


def required_of(field: forms.Field) -> Any:
    """Return what is asked of a field left empty, by what one does with it."""
    if not isinstance(field, forms.ChoiceField):
        return _("Remplissez ce champ.")
    is_list = isinstance(field.widget, forms.Select) and not isinstance(field.widget, forms.RadioSelect)
    return _("Choisissez dans la liste.") if is_list else _("Cochez une réponse.")


def suggest_communes(form: forms.BaseForm, postal_code: str, city: str) -> None:
    """Let the browser propose the communes of the postal code being typed; the page holds the list ``communes``."""
    form.fields[postal_code].widget.attrs |= {
        "hx-get": reverse("organisations:communes"),
        "hx-trigger": "input changed delay:300ms, focus once",
        "hx-target": "#communes",
    }
    form.fields[city].widget.attrs["list"] = "communes"


class RemarkedForm(forms.BaseForm):
    """A form of a page where remarks are pinned on fields: ``pstage.forms`` shows them beside these."""

    remarks: Mapping[str, Sequence[object]] = {}
    answers_remarks = False  # whether this reader answers them


Row = TypeVar("Row", bound=models.Model)


class DirectoryForm(SharedForm, RemarkedForm, forms.ModelForm[Row]):
    """Adds one row to the directory. When the directory has it already, ``existing`` is that row."""

    keeps_hidden = False
    existing: models.Model | None = None
    notices: Sequence[str] = ()  # what to say once it is saved
    serves = Reliance()  # what else changes with the row that it corrects
    sometimes_required = frozenset({"postal_code"})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        say_what_to_do(self)
        for field in self.fields.values():
            if isinstance(field, forms.ModelChoiceField):
                field.empty_label = _("Choisissez")
        if "postal_code" in self.fields:
            suggest_communes(self, "postal_code", "city")

    def clean(self) -> dict[str, Any]:
        super().clean()
        # A page tells what it told, as it posts what it showed; a program says nothing of either.
        if TOLD in self.data and self.serves.is_news(self.data[TOLD]):
            message = _("Entre-temps, cette fiche sert aussi ailleurs : lisez où, puis enregistrez.")
            self.add_error(None, ValidationError(message, "serves"))
        for name, value in self.cleaned_data.items():
            if isinstance(value, str):
                self.cleaned_data[name] = one_line(value)
        self.normalise("postal_code", clean_postal_code)
        self.normalise("phone", clean_phone)
        return self.cleaned_data

    def country(self) -> str:
        """Return the country (ISO 3166-1 alpha-2) postal codes and telephone numbers are read in."""
        return self.cleaned_data.get("country") or "FR"

    def normalise(self, field: str, function: Callable[[str, str], str]) -> None:
        if field in self.cleaned_data:
            try:
                self.cleaned_data[field] = function(self.cleaned_data[field], self.country())
            except ValidationError as error:
                self.add_error(field, error)

    def refuse_twice(self, field: str, existing: models.Model | None) -> None:
        """Say that the directory already has this row, and keep it for the page to propose."""
        if existing and existing != self.instance:
            self.existing = existing
            message = _(
                "« %(name)s » est déjà dans l’annuaire : choisissez cette fiche au lieu d’en créer une."
            )
            self.add_error(field, ValidationError(message, "existing", {"name": str(existing)}))


HAVE_A_SIRET = "|".join(sorted(SIRENE_COUNTRIES))
# Why a host in France has no SIRET; elsewhere, its country says it.
NO_SIRET = [
    (reason.value, reason.label)
    for reason in (Organisation.SiretExemption.ASSOCIATION, Organisation.SiretExemption.PENDING)
]


class OrganisationForm(DirectoryForm[Organisation]):
    """A new host, created ``by`` a user. ``notices`` are remarks to show once it is saved, not errors."""

    sometimes_required = frozenset(
        {"siret", "siret_exemption", "naf", "activity", "postal_code", "is_another"}
    )
    blocks = {
        "siret": Block(f"country={HAVE_A_SIRET}", ("siret", "siret_exemption")),
        "local_identifier": Block(f"country!={HAVE_A_SIRET},siret_exemption", ("local_identifier",)),
    }
    is_another = forms.BooleanField(
        label=_("Aucune de ces fiches n’est la bonne : créer la mienne"), required=False
    )
    siret_exemption = forms.ChoiceField(
        label=_("Pourquoi n’y a-t-il pas de SIRET ?"),
        required=False,
        choices=[("", _("Il y en a un")), *NO_SIRET],
    )
    naf = forms.CharField(
        label=_("Code NAF (APE)"),
        required=False,
        max_length=NafCode._meta.get_field("label").max_length,
        widget=forms.TextInput(attrs=THIRD_PARTY | {"autocapitalize": "characters", "spellcheck": "false"}),
        help_text=_("4 chiffres et une lettre, comme 86.10Z. On le trouve avec le numéro SIRET."),
    )

    class Meta:
        model = Organisation
        fields = [
            "name",
            "trade_name",
            "country",
            "siret",
            "siret_exemption",
            "local_identifier",
            "legal_form",
            "naf",
            "activity",
            "headcount_band",
            "street",
            "address_extra",
            "postal_code",
            "city",
            "phone",
            "email",
            "website",
        ]
        field_classes = {"siret": SiretField, "website": WebsiteField}
        widgets = text_inputs(
            "name trade_name local_identifier activity street address_extra postal_code city",
            phone=forms.TelInput(attrs=THIRD_PARTY),
            email=forms.EmailInput(attrs=THIRD_PARTY),
        )

    def __init__(self, *args: Any, by: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by or AnonymousUser()
        if self.instance._state.adding:
            self.instance.created_by = by
        elif self.instance.naf_code:
            self.initial["naf"] = self.instance.naf_code.code
        self.notices: list[str] = []
        self.alike: list[Organisation] = []
        self.filled_from: sirene.Establishment | None = None

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if is_withheld(name):
            raise ValidationError(
                _("« %(name)s » n’est pas un nom : le registre public le cache. Demandez-le à l’organisme."),
                "withheld",
                {"name": name},
            )
        return name

    def clean_naf(self) -> str:
        typed: str = self.cleaned_data["naf"]
        if not typed:
            self.instance.naf_code = None
            return ""
        today = timezone.localdate()
        code = self.find_naf(typed, today)
        if code is None:
            raise ValidationError(
                _(
                    "Ce code NAF n’existe pas. Il a 4 chiffres et une lettre, comme 86.10Z : "
                    "recopiez-le depuis annuaire-entreprises.data.gouv.fr, ou décrivez l’activité."
                ),
                "naf",
            )
        if code.version == NafCode.Version.REV2 != naf.version_in_force(today):
            self.notices.append(
                _(
                    "Le code %(code)s vient de l’ancienne nomenclature (2008). "
                    "Demandez à l’organisme son code NAF 2025."
                )
                % {"code": code.code}
            )
        self.instance.naf_code = code
        return code.code

    def clean(self) -> dict[str, Any]:
        super().clean()
        self.check_identity()
        if not (self.cleaned_data.get("naf") or self.cleaned_data.get("activity") or "naf" in self.errors):
            self.add_error(
                "naf", ValidationError(_("Indiquez le code NAF, ou décrivez l’activité."), "required")
            )
        if not self.errors and self.instance._state.adding:
            self.show_alike()
        return self.cleaned_data

    def show_alike(self) -> None:
        """Show the hosts that may be this one before a second record is made: without a SIRET, nothing else tells."""
        data = self.cleaned_data
        if data["siret"] or data["is_another"]:
            return
        alike = [host.pk for host in directory.similar(self.described())]
        self.alike = list(Organisation.objects.visible_to(self.by).filter(pk__in=alike))
        if self.alike:
            message = _(
                "Une fiche de l’annuaire ressemble à celle-ci : choisissez-la, ou confirmez la création."
            )
            self.add_error("is_another", ValidationError(message, "alike"))

    def described(self) -> Organisation:
        """Return the host as it is described, with what tells whether it is another one."""
        names = ("name", "local_identifier", "postal_code", "city", "country")
        return Organisation(**{name: self.cleaned_data[name] for name in names})

    def fill_from(self, found: sirene.Establishment) -> None:
        """Begin with what the public register says; how to call is all that it never knows."""
        self.filled_from = found
        self.fields["phone"].widget.attrs["autofocus"] = True
        self.initial.update(
            {
                "name": found.name,
                "trade_name": next(iter(found.trade_names), ""),
                "siret": found.siret,
                "country": found.country,
                "legal_form": found.legal_form,
                "naf": found.naf,
                "headcount_band": found.headcount_band,
                **{name: getattr(found, name) for name in ADDRESS_FIELDS},
            }
        )

    def ask_why_no_siret(self) -> None:
        """Begin with the reason: the person has said that there is no SIRET."""
        reason = self.fields["siret_exemption"]
        assert isinstance(reason, forms.ChoiceField)
        reason.choices = [("", _("Choisissez la raison")), *NO_SIRET]
        reason.widget.attrs["autofocus"] = True

    def check_identity(self) -> None:
        """Require a SIRET nobody has yet, or the reason why there is none: abroad, the country says it."""
        data, reasons = self.cleaned_data, Organisation.SiretExemption
        reason = ""
        if data.get("siret"):
            self.refuse_known(data["siret"])
        elif self.country() not in SIRENE_COUNTRIES:
            reason = reasons.OWN_REGISTER if self.country() in FRENCH_COUNTRIES else reasons.ABROAD
        elif data.get("siret_exemption"):
            reason = data["siret_exemption"]
        elif "siret" not in self.errors:
            message = _(
                "Indiquez le numéro SIRET. S’il n’y en a pas, dites pourquoi dans la question suivante."
            )
            self.add_error("siret", ValidationError(message, "required"))
        data["siret_exemption"] = reason
        identifier = compact(data.get("local_identifier", "")).upper()
        if reason == reasons.ASSOCIATION and identifier:
            if RNA.fullmatch(identifier):
                data["local_identifier"] = identifier
            else:
                message = _("Un numéro RNA commence par W, suivi de 9 caractères, comme W142000000.")
                self.add_error("local_identifier", ValidationError(message, "rna"))

    def find_naf(self, typed: str, today: date) -> NafCode | None:
        return naf.find(typed, today)

    def refuse_known(self, siret: str) -> None:
        existing = find_by_siret(siret)
        if existing is None or Organisation.objects.visible_to(self.by).filter(pk=existing.pk).exists():
            self.refuse_twice("siret", existing)
        else:
            message = _(
                "Cet organisme est dans l’annuaire, mais le registre public cache sa fiche : "
                "demandez à votre centre de gestion de le choisir pour vous sur cette convention."
            )
            self.add_error("siret", ValidationError(message, "private"))

    def save(self, commit: bool = True) -> Organisation:
        """Add the host; when somebody added the same SIRET a moment ago, return theirs."""
        if self.instance._state.adding and (known := sirene.remembered(self.instance.siret or "")):
            # Hidden from the first moment, not from when a worker reads the register.
            self.instance.is_private = known.is_hidden
        try:
            with transaction.atomic():
                saved: Organisation = super().save(commit)
        except IntegrityError:
            theirs = find_by_siret(self.instance.siret or "")
            if theirs is None:
                raise
            return theirs
        refreshing.examine_soon(saved)
        return saved


class KeptOrganisationForm(OrganisationForm):
    """The record of a host, as the staff that keeps the directory corrects it."""

    sometimes_required = OrganisationForm.sometimes_required | {"closed_on"}

    class Meta(OrganisationForm.Meta):
        fields = [*OrganisationForm.Meta.fields, "acronym", "is_open", "closed_on", "is_private", "is_locked"]
        field_classes = {**OrganisationForm.Meta.field_classes, "closed_on": DateField}
        widgets = {**OrganisationForm.Meta.widgets, "acronym": forms.TextInput(attrs=THIRD_PARTY)}

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("is_open") and data.get("closed_on"):
            message = _("Décochez « En activité », ou effacez cette date.")
            self.add_error("closed_on", ValidationError(message, "open"))
        return data


class ServiceForm(DirectoryForm[Service]):
    """A new service of ``organisation``, at its address unless said otherwise."""

    class Meta:
        model = Service
        fields = ["name", *ADDRESS_FIELDS, "phone"]
        widgets = text_inputs(
            "name street address_extra postal_code city", phone=forms.TelInput(attrs=THIRD_PARTY)
        )

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        address = {field: getattr(organisation, field) for field in ADDRESS_FIELDS}
        super().__init__(*args, **kwargs)
        self.initial = {**address, **self.initial}
        self.instance.organisation = organisation

    def clean(self) -> dict[str, Any]:
        super().clean()
        data = self.cleaned_data
        place = fold(f"{data.get('name')} {data.get('city')}")
        alike = (
            service
            for service in self.instance.organisation.services.all()
            if fold(f"{service.name} {service.city}") == place
        )
        self.refuse_twice("name", next(alike, None))
        return data


class ContactForm(DirectoryForm[Contact]):
    """A new person at ``organisation``: professional tutor or signatory."""

    class Meta:
        model = Contact
        fields = ["civility", "first_name", "last_name", "function", "department", "phone", "email"]
        widgets = text_inputs(
            "first_name last_name function department",
            phone=forms.TelInput(attrs=THIRD_PARTY),
            email=forms.EmailInput(attrs=THIRD_PARTY),
        )

    def __init__(
        self,
        *args: Any,
        organisation: Organisation | None = None,
        centre: Centre | None = None,
        by: User,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        # Those of a centre that keeps its contacts are not given away: each centre then has its own row.
        self.known = Contact.objects.known_to(centre, by)
        if self.instance._state.adding:
            assert organisation is not None
            self.instance.organisation = organisation
            self.instance.centre = centre
            self.instance.created_by = by
        civility = self.fields["civility"]
        assert isinstance(civility, forms.TypedChoiceField)
        civility.choices = [("", _("Sans civilité")), *Contact.Civility.choices]

    def country(self) -> str:
        code: str = self.instance.organisation.country.code
        return code

    def clean(self) -> dict[str, Any]:
        super().clean()
        data = self.cleaned_data
        name = fold(f"{data.get('first_name')} {data.get('last_name')}")
        # A small office shares one address: only the same name at the same address is the same person.
        alike = (
            contact
            for contact in self.known.filter(
                organisation=self.instance.organisation, email__iexact=data.get("email")
            )
            if fold(f"{contact.first_name} {contact.last_name}") == name
        )
        self.refuse_twice("email", next(alike, None))
        return data


class NoteForm(forms.ModelForm[Note]):
    """A remark of the staff about a host."""

    class Meta:
        model = Note
        fields = ["text"]
        widgets = {"text": forms.Textarea(attrs={"rows": 3})}
        error_messages = {"text": {"required": _("Écrivez votre remarque.")}}

    def clean_text(self) -> str:
        return without_invisible(self.cleaned_data["text"])


class BanForm(forms.ModelForm[Ban]):
    """Why an institution sends nobody to a host any more, and until when."""

    use_required_attribute = False

    class Meta:
        model = Ban
        fields = ["reason", "until"]
        field_classes = {"until": DateField}
        widgets = {"reason": forms.Textarea(attrs={"rows": 4})}
        error_messages = {
            "reason": {"required": _("Dites pourquoi.")},
            "until": {"required": _("Indiquez le dernier jour d’exclusion.")},
        }

    def clean_reason(self) -> str:
        return without_invisible(self.cleaned_data["reason"])

    def clean_until(self) -> date:
        until: date = self.cleaned_data["until"]
        today = timezone.localdate()
        if until <= today:
            raise ValidationError(_("Une exclusion se termine après aujourd’hui."), "past")
        if (until.year - LONGEST_BAN, until.month, until.day) > (today.year, today.month, today.day):
            raise ValidationError(
                _("Une exclusion dure cinq ans au plus : elle pourra être prononcée de nouveau."), "too_long"
            )
        return until
