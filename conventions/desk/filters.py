"""The filters of the lists of agreements, all of them in the address."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.folding import fold
from accounts.models import User
from conventions.desk import notes, reading
from conventions.follow_up import dates
from conventions.models import Attachment, AvenantStatus, Convention, Status
from conventions.models.attachment import COPIES_TO_CHECK
from conventions.models.avenant import OPEN as OPEN_AVENANT
from conventions.models.status import AWAITS_SIGNATURES
from organisations.directory import contains_words
from organisations.fields import DateField
from organisations.models import Centre, Organisation
from organisations.models.host import FRENCH_COUNTRIES
from organisations.models.roles import Roles
from organisations.models.university import academic_year_label
from organisations.people import programmes_handled_by

YEARS_BACK = 6
NOT_VALIDATED, TO_SIGN = "non-validees", "a-signer"
UPCOMING, UNDER_WAY, ENDED, CERTIFICATES = "a-venir", "en-cours", "terminees", "attestations"
AMENDED, BEING_AMENDED = "avenant-a-valider", "avenant-en-cours"
COPIES = "copies-a-verifier"
TO_VALIDATE, TO_CORRECT = Status.SUBMITTED, Status.RETURNED
# Agreements that have an avenant in one of these states.
AVENANTS = {AMENDED: (AvenantStatus.SUBMITTED,), BEING_AMENDED: OPEN_AVENANT}
# States that are looked for together, under one name in the address.
GATHERED = {
    NOT_VALIDATED: (TO_VALIDATE, TO_CORRECT),
    TO_SIGN: AWAITS_SIGNATURES,
}
# States that only dates tell.
DATED = {UPCOMING: dates.upcoming, UNDER_WAY: dates.under_way, ENDED: dates.ended}
# What is looked for as it was chosen, and where it is found.
PLAIN = {
    "annee": "enrolment__academic_year",
    "centre": "centre",
    "etape": "enrolment__programme",
    "debut_avant": "start__lte",
    "organisme": "organisation",
}
# What a list can be narrowed to, in the words of staff.
STATES = [
    ("", gettext_lazy("Tous sauf brouillons")),
    (NOT_VALIDATED, gettext_lazy("Pas encore validées")),
    (TO_VALIDATE, gettext_lazy("À valider")),
    (TO_CORRECT, gettext_lazy("À corriger par l’étudiant")),
    (TO_SIGN, gettext_lazy("En attente de signatures")),
    (Status.VALIDATED, gettext_lazy("Validées, aucune signature")),
    (Status.SIGNING, gettext_lazy("Signatures commencées")),
    (COPIES, gettext_lazy("Copies à vérifier")),
    (Status.SIGNED, gettext_lazy("Signées")),
    (UPCOMING, gettext_lazy("Signées, stage à venir")),
    (UNDER_WAY, gettext_lazy("En cours")),
    (ENDED, gettext_lazy("Terminées")),
    (CERTIFICATES, gettext_lazy("Attestations à établir")),
    (AMENDED, gettext_lazy("Avenant à valider")),
    (BEING_AMENDED, gettext_lazy("Avenant en cours")),
    (Status.REFUSED, gettext_lazy("Refusées")),
    (Status.TERMINATED, gettext_lazy("Rompues")),
    (Status.CANCELLED, gettext_lazy("Annulées")),
    (Status.DRAFT, gettext_lazy("Brouillons")),
]
MANAGED, FOLLOWED = "gestion", "suivi"
ROLES = [
    ("", gettext_lazy("Toutes")),
    (MANAGED, gettext_lazy("Celles que je gère")),
    (FOLLOWED, gettext_lazy("Celles que je suis")),
]


@dataclass(frozen=True)
class Chip:
    """One filter in force, and the address of the list without it."""

    label: str
    without: str


@dataclass(frozen=True)
class Select:
    """One drop-down; its options are written here, because a template takes ten times longer."""

    name: str
    label: str
    options: SafeString


class FilterForm(forms.Form):
    """What to look for; a filter that would offer no choice is left out."""

    q = forms.CharField(
        label=gettext_lazy("Numéro, étudiant, organisme, sujet"), required=False, max_length=100
    )
    statut = forms.ChoiceField(label=gettext_lazy("État"), required=False, choices=STATES)
    role = forms.ChoiceField(label=gettext_lazy("À quel titre"), required=False, choices=ROLES)
    annee = forms.TypedChoiceField(
        label=gettext_lazy("Année universitaire"), required=False, coerce=int, empty_value=None
    )
    centre = forms.TypedChoiceField(
        label=gettext_lazy("Centre de gestion"), required=False, coerce=int, empty_value=None
    )
    etape = forms.TypedChoiceField(
        label=gettext_lazy("Étape d’étude"), required=False, coerce=int, empty_value=None
    )
    debut_avant = DateField(label=gettext_lazy("Commence au plus tard le"), required=False)
    hors_france = forms.BooleanField(label=gettext_lazy("Hors de France"), required=False)
    note = forms.CharField(label=gettext_lazy("Dans les notes internes"), required=False, max_length=100)
    modifiees = forms.BooleanField(label=gettext_lazy("Modifiées depuis ma lecture"), required=False)
    archives = forms.BooleanField(label=gettext_lazy("Archives"), required=False)
    # No drop-down: the page of a host leads here.
    organisme = forms.ModelChoiceField(
        Organisation.objects.none(), label=gettext_lazy("Établissement d’accueil"), required=False
    )

    def __init__(
        self,
        data: QueryDict,
        *,
        by: User,
        roles: Roles,
        centres: QuerySet[Centre],
        hosts: QuerySet[Organisation],
        archived: Q,
    ) -> None:
        super().__init__(data)
        self.query, self.by, self.roles, self.archived = data, by, roles, archived
        if not roles.is_manager:
            del self.fields["note"], self.fields["modifiees"]
        if not (roles.is_manager or roles.is_admin):
            del self.fields["archives"]
        chosen = self.fields["organisme"]
        assert isinstance(chosen, forms.ModelChoiceField)
        chosen.queryset = hosts
        if not (roles.is_manager and roles.is_teacher):
            del self.fields["role"]
        self.offer_all(centres)

    def offer_all(self, centres: QuerySet[Centre]) -> None:
        """Fill the drop-downs from what this reader sees."""
        roles = self.roles
        this_year = timezone.localdate().year
        years = range(this_year + 1, this_year - YEARS_BACK, -1)
        self.offer("annee", _("Toutes"), [(year, academic_year_label(year)) for year in years])
        # The centres themselves are only read for those who have several: most managers have one.
        several = roles.is_admin or len(roles.centre_ids) > 1
        self.offer("centre", _("Tous"), list(centres.values_list("pk", "name")) if several else [])
        handled = programmes_handled_by(centres) if roles.is_admin or roles.is_manager else None
        self.offer(
            "etape", _("Toutes"), list(handled.values_list("pk", "label")) if handled is not None else []
        )

    def offer(self, name: str, every: str, choices: list[tuple[int, str]]) -> None:
        """Fill a drop-down; without anything to choose it goes."""
        if choices:
            self.choice(name).choices = [("", every), *choices]
        else:
            del self.fields[name]

    def choice(self, name: str) -> forms.ChoiceField:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        return field

    @property
    def typed(self) -> dict[str, str]:
        """What the address says of each filter that is not a drop-down."""
        return {
            name: self.query.get(name, "")
            for name in ("q", "debut_avant", "hors_france", "archives", "organisme", "note", "modifiees")
        }

    @property
    def has_more(self) -> bool:
        """Whether a filter is in force besides the search and the state."""
        return any(self.query.get(name) for name in self.fields if name not in {"q", "statut", "organisme"})

    def state(self) -> Select:
        return self.select("statut")

    def selects(self) -> list[Select]:
        """Return the other drop-downs."""
        return [self.select(name) for name in ("role", "annee", "centre", "etape") if name in self.fields]

    def select(self, name: str) -> Select:
        field, chosen = self.choice(name), self.query.get(name, "")
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            (
                (value, SafeString(" selected") if str(value) == chosen else "", label)
                for value, label in cast("Iterable[tuple[Any, Any]]", field.choices)
            ),
        )
        return Select(name, str(field.label), options)

    def chips(self) -> list[Chip]:
        """Return the filters in force, each with the address that removes it."""
        return [
            Chip(
                f"« {value} »" if name == "q" else chip_label(self.fields[name], value),
                self.address(**{name: "", "page": ""}),
            )
            for name, value in self.cleaned_data.items()
            if value
        ]

    def address(self, **changed: str) -> str:
        """Return the query string of the list with some parameters changed, those left empty left out."""
        wanted = {**self.query.dict(), **changed}
        return "?" + urlencode({name: value for name, value in wanted.items() if value})

    def apply(self, visible: QuerySet[Convention]) -> QuerySet[Convention]:
        """Narrow the list; drafts and archives are only listed when they are asked for."""
        wanted = self.cleaned_data
        visible = visible.filter(self.archived) if wanted.get("archives") else visible.exclude(self.archived)
        visible = in_state(wanted["statut"], visible)
        if wanted.get("role") == MANAGED:
            visible = visible.filter(centre__in=self.roles.centre_ids)
        elif wanted.get("role") == FOLLOWED:
            visible = visible.filter(teacher__in=self.roles.teacher_ids)
        if fold(wanted["q"]):
            visible = visible.filter(contains_words("search_key", wanted["q"]))
        visible = visible.filter(**{path: wanted[name] for name, path in PLAIN.items() if wanted.get(name)})
        if wanted["hors_france"]:
            visible = visible.filter(service__isnull=False).exclude(service__country__in=FRENCH_COUNTRIES)
        return self.apply_of_desk(visible)

    def apply_of_desk(self, visible: QuerySet[Convention]) -> QuerySet[Convention]:
        """Narrow the list by what a manager alone is told: the notes of the centre, what changed since they read it."""
        wanted, kept = self.cleaned_data, notes.kept_by(self.roles)
        if fold(wanted.get("note", "")):
            visible = visible.filter(kept, notes.saying(wanted["note"]))
        if wanted.get("modifiees"):
            visible = visible.filter(kept, reading.unread(self.by))
        return visible


def in_state(state: str, visible: QuerySet[Convention]) -> QuerySet[Convention]:
    """Return the agreements in a state of the address; all but drafts when it names none."""
    today = timezone.localdate()
    if state in DATED:
        return visible.filter(DATED[state](today))
    if state == CERTIFICATES:
        return dates.owed_a_certificate(visible, last=today - timedelta(days=1))
    if state == COPIES:
        return with_copies_to_check(visible)
    if state in AVENANTS:
        return visible.filter(avenants__status__in=AVENANTS[state])
    if state:
        return visible.filter(status__in=GATHERED.get(state, (state,)))
    return visible.exclude(status=Status.DRAFT)


def with_copies_to_check(agreements: QuerySet[Convention]) -> QuerySet[Convention]:
    """Return those of which a scan of what was signed waits for a manager, be it of an avenant."""
    return agreements.filter(Exists(Attachment.objects.filter(COPIES_TO_CHECK, convention=OuterRef("pk"))))


def chip_label(field: forms.Field, value: Any) -> str:
    """Return a filter in words: « État : À valider », « Hors de France »."""
    if value is True:
        return str(field.label)
    if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.ModelChoiceField):
        value = dict(cast("Iterable[tuple[Any, Any]]", field.choices)).get(value, value)
    if isinstance(value, date):
        value = date_format(value, "SHORT_DATE_FORMAT")
    return _("%(filter)s : %(value)s") % {"filter": field.label, "value": value}
