"""« Calculer la durée et la gratification d'un stage »: the law for anyone who prepares a stage."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import chain
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.sign_in.rates import rate_limited
from conventions import calendar, law, legality
from conventions.law import duration, facts, gratification
from conventions.legality import words
from conventions.models import Convention
from conventions.writing.forms import MOST_WEEKLY_HOURS
from organisations.fields import DateField, DecimalField, HoursField
from organisations.forms import say_what_to_do

# What dates, hours and an amount decide; the rest needs an agreement.
RULES = (*duration.CHAPTER.rules, *gratification.CHAPTER.rules, law.RULES["H-01"], law.RULES["H-02"])
# Where the law's fields are on this page.
FIELDS = {
    "start": "debut",
    "end": "fin",
    "weekly_hours": "heures",
    "collective_hours": "heures",
    "working_days": "jours_0",
    "earlier_hours": "deja",
    "amount": "montant",
    "is_paid": "montant",
    "payment_frequency": "montant",
}
ABSENCES = (1, 2, 3)
ABOUT_DAYS_OFF = ("conges", "conges_payes", "feries", "pentecote")
STILL_TO_COME = {"debut", "fin"}
TERRITORIES = {
    calendar.Territory.METROPOLITAN: gettext_lazy("France métropolitaine"),
    calendar.Territory.ALSACE_MOSELLE: gettext_lazy("Alsace et Moselle"),
    calendar.Territory.GUADELOUPE: gettext_lazy("Guadeloupe"),
    calendar.Territory.MARTINIQUE: gettext_lazy("Martinique"),
    calendar.Territory.GUYANE: gettext_lazy("Guyane"),
    calendar.Territory.REUNION: gettext_lazy("La Réunion"),
    calendar.Territory.MAYOTTE: gettext_lazy("Mayotte"),
    calendar.Territory.SAINT_BARTHELEMY: gettext_lazy("Saint-Barthélemy"),
    calendar.Territory.SAINT_MARTIN: gettext_lazy("Saint-Martin"),
    calendar.Territory.SAINT_PIERRE_ET_MIQUELON: gettext_lazy("Saint-Pierre-et-Miquelon"),
    calendar.Territory.TERRES_AUSTRALES: gettext_lazy("Terres australes"),
    calendar.Territory.NOUVELLE_CALEDONIE: gettext_lazy("Nouvelle-Calédonie"),
    calendar.Territory.POLYNESIE: gettext_lazy("Polynésie française"),
    calendar.Territory.WALLIS_ET_FUTUNA: gettext_lazy("Wallis-et-Futuna"),
    calendar.Territory.ABROAD: gettext_lazy("Étranger"),
}


class CalculatorForm(forms.Form):
    """A stage in a few answers; the names of its fields are those of a shared address."""

    use_required_attribute = False
    debut = DateField(label=gettext_lazy("Début du stage"))
    fin = DateField(label=gettext_lazy("Fin du stage"))
    heures = HoursField(
        label=gettext_lazy("Heures par semaine"),
        min_value=Decimal("0.5"),
        max_value=Decimal(MOST_WEEKLY_HOURS),
        max_digits=5,
        decimal_places=2,
        initial=Decimal(35),
    )
    jours = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Jours de présence"),
        choices=Convention.Weekday.choices,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        initial=[0, 1, 2, 3, 4],
        error_messages={"required": gettext_lazy("Cochez au moins un jour de la semaine.")},
    )
    lieu = forms.ChoiceField(
        label=gettext_lazy("Lieu du stage"),
        choices=list(TERRITORIES.items()),
        required=False,
        help_text=gettext_lazy("Il décide des jours fériés et des règles de gratification."),
    )
    feries = forms.BooleanField(label=gettext_lazy("Présence les jours fériés"), required=False)
    pentecote = forms.BooleanField(
        label=gettext_lazy("Lundi de Pentecôte travaillé (journée de solidarité)"), required=False
    )
    conges = DecimalField(
        label=gettext_lazy("Jours de congé"),
        required=False,
        min_value=Decimal(0),
        max_value=Decimal(200),
        max_digits=4,
        decimal_places=1,
    )
    conges_payes = forms.BooleanField(label=gettext_lazy("Congés gratifiés"), required=False)
    deja = HoursField(
        label=gettext_lazy("Heures déjà faites dans cet organisme cette année"),
        required=False,
        min_value=Decimal(0),
        max_value=Decimal(9999),
        max_digits=6,
        decimal_places=2,
    )
    public = forms.BooleanField(label=gettext_lazy("Organisme de droit public"), required=False)
    montant = DecimalField(
        label=gettext_lazy("Montant de la gratification"),
        required=False,
        min_value=Decimal("0.01"),
        max_digits=10,
        decimal_places=2,
    )
    unite = forms.ChoiceField(
        label=gettext_lazy("Montant exprimé"), choices=Convention.AmountUnit.choices, required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for rank in ABSENCES:
            self.fields[f"du_{rank}"] = DateField(
                label=pgettext_lazy("first day of an absence", "Du"), required=False
            )
            self.fields[f"au_{rank}"] = DateField(
                label=pgettext_lazy("last day of an absence", "Au"), required=False
            )
        for name, unit in (("heures", _("h")), ("conges", _("jours")), ("deja", _("h")), ("montant", "€")):
            self.fields[name].widget.attrs["data-unit"] = unit
        say_what_to_do(self)

    @property
    def absences(self) -> list[tuple[Any, Any]]:
        """The pairs of fields of each absence, for the page."""
        return [(self[f"du_{rank}"], self[f"au_{rank}"]) for rank in ABSENCES]

    @property
    def has_absences(self) -> bool:
        """Whether an absence, leave or a worked holiday was answered, rightly or not: its section is then open."""
        folded = [*chain.from_iterable(self.absences), *(self[name] for name in ABOUT_DAYS_OFF)]
        return any(field.value() or field.errors for field in folded)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for field, message in words.wrong_dates(cleaned.get("debut"), cleaned.get("fin")).items():
            self.add_error(FIELDS[field], message)
        for name in STILL_TO_COME & cleaned.keys():
            if not calendar.plausible(cleaned[name]):
                self.add_error(name, _("Vérifiez l’année."))
        for rank in ABSENCES:
            self.check_absence(f"du_{rank}", f"au_{rank}", cleaned)
        return cleaned

    def check_absence(self, first: str, last: str, cleaned: dict[str, Any]) -> None:
        """Refuse an absence that ends before it begins, or of which one day is not said."""
        start, end = cleaned.get(first), cleaned.get(last)
        if start and end and end < start:
            self.add_error(last, _("La fin de l’interruption précède son début."))
        elif bool(start) != bool(end) and not self.errors.get(first):
            self.add_error(first if end else last, _("Indiquez le premier et le dernier jour."))

    def facts(self, today: date) -> law.Facts:
        """Return the facts of the stage that was typed."""
        typed = self.cleaned_data
        place = calendar.Territory(typed["lieu"] or calendar.Territory.METROPOLITAN)
        is_abroad = place == calendar.Territory.ABROAD
        absences = [
            calendar.Absence(typed[f"du_{rank}"], typed[f"au_{rank}"])
            for rank in ABSENCES
            if typed.get(f"du_{rank}") and typed.get(f"au_{rank}")
        ]
        schedule = calendar.Schedule(
            (
                calendar.WorkPeriod(
                    typed["debut"], typed["fin"], calendar.spread(typed["heures"], typed["jours"])
                ),
            ),
            tuple(absences),
            place,
            typed["conges"] or Decimal(0),
            works_on_holidays=typed["feries"],
            works_on_whit_monday=typed["pentecote"],
        )
        return law.Facts(
            today=today,
            host=facts.Host(is_abroad=is_abroad, place=place, is_public_law=typed["public"]),
            stage=facts.Stage(
                typed["debut"],
                typed["fin"],
                schedule,
                leave_days=typed["conges"],
                leave_is_paid=typed["conges_payes"],
            ),
            pay=facts.Pay(
                is_paid=True if typed["montant"] else None,
                amount=typed["montant"],
                unit=facts.PayUnit(typed["unite"] or "hour"),
                has_mode=True,
            ),
            history=facts.History(declared_hours=typed["deja"]),
        )


@login_not_required
@require_safe
@vary_on_headers("HX-Request")
@rate_limited("calculator", limit_get=True)
def calculator(request: HttpRequest) -> HttpResponse:
    """Show the form, and the result of what the address holds."""
    form = CalculatorForm(request.GET or None)
    panel = None
    if form.is_valid():
        case = law.Case(form.facts(timezone.localdate()), legality.amounts())
        panel = words.panel(case, law.findings(case, RULES), field_url)
    is_fragment = bool(request.headers.get("HX-Request"))
    # While one types, a date still to come is not a mistake; the whole page says its mistakes above the form.
    mistakes = [field for field in form if field.errors and (field.data or field.name not in STILL_TO_COME)]
    return render(
        request,
        "conventions/calculator.html" + ("#result" if is_fragment else ""),
        {
            "form": form,
            "panel": panel,
            "sentence": sentence(panel, bool(mistakes)),
            "brief": ", ".join(filter(None, [panel.brief, panel.summary])) if panel else "",
            "mistakes": mistakes if is_fragment else [],
            "is_fragment": is_fragment,
        },
    )


def sentence(panel: words.Panel | None, has_mistakes: bool) -> str:
    """Return the result in one sentence, or what it still needs."""
    if panel:
        return ". ".join(filter(None, [panel.sentence, panel.summary]))
    if has_mistakes:
        return _("Corrigez les réponses signalées : le calcul s’affichera ici.")
    return _("Indiquez les dates et les heures : le calcul s’affichera ici.")


def address(case: law.Case) -> str:
    """Return where this page shows the stage of an agreement; empty of answers when it cannot ask for all of it."""
    page = reverse("calculator")
    given, schedule = case.facts, case.facts.stage.schedule
    if schedule is None or not can_be_asked(given, schedule):
        return page
    asked = {
        name: "on" if value is True else value for name, value in answers(case, schedule).items() if value
    }
    return f"{page}?{urlencode(asked, doseq=True)}"


def answers(case: law.Case, schedule: calendar.Schedule) -> dict[str, Any]:
    """Return what was answered to the form for the stage of an agreement to be what it is."""
    given, [period] = case.facts, schedule.periods
    answers: dict[str, Any] = {
        "debut": period.start.isoformat(),
        "fin": period.end.isoformat(),
        "heures": plain(period.weekly_hours),
        "jours": [day for day, hours in enumerate(period.hours) if hours],
        "lieu": schedule.place.value,
        "feries": schedule.works_on_holidays,
        "pentecote": schedule.works_on_whit_monday,
        "conges": plain(given.stage.leave_days),
        "conges_payes": given.stage.leave_is_paid,
        "deja": plain(case.hours_in_same_host + (given.history.declared_hours or 0)),
        "public": given.host.is_public_law,
    }
    for rank, absence in enumerate(schedule.absences, start=1):
        answers |= {f"du_{rank}": absence.start.isoformat(), f"au_{rank}": absence.end.isoformat()}
    if given.pay.is_paid and given.pay.amount and given.pay.unit:
        answers |= {"montant": plain(given.pay.amount), "unite": given.pay.unit.value}
    return answers


def can_be_asked(given: law.Facts, schedule: calendar.Schedule) -> bool:
    """Whether this page can ask all that decides the figures of a stage."""
    uncounted = {calendar.AbsenceKind.INTERRUPTION, calendar.AbsenceKind.UNIVERSITY}
    return (
        len(schedule.periods) == 1
        and len(schedule.absences) <= len(ABSENCES)
        and all(absence.kind in uncounted for absence in schedule.absences)
        and given.stage.corrected_hours is None
        and given.studies.regime == facts.Regime.GENERAL
        and given.pay.branch_minimum is None
        and given.pay.in_euros
        and given.stricter.gratification_threshold is None
    )


def plain(value: Decimal | None) -> str:
    """Return a number for an address, nothing for none: « 35 », « 33.5 »."""
    return f"{value.normalize():f}" if value else ""


def field_url(field: str) -> str:
    """Return where a field of the law is on this page; nothing for one that it does not ask."""
    return f"#id_{FIELDS[field]}" if field in FIELDS else ""
