"""Invented data for the style guide: every component once."""

from datetime import date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, ClassVar

from django import forms
from django.core.paginator import Paginator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from conventions import calendar, law
from conventions.law import facts
from conventions.legality import words


class SpecimenForm(forms.Form):
    """One field of each kind, for the style guide."""

    search = forms.CharField(
        label=_("Raison sociale, ville ou SIRET"),
        help_text=_("Accents, majuscules et fautes de frappe n’ont pas d’importance."),
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    subject = forms.CharField(label=_("Sujet"), help_text=_("Ce que vous ferez, en une phrase."))
    missions = forms.CharField(label=_("Fonctions et tâches"), widget=forms.Textarea)
    start = forms.DateField(label=_("Début du stage"), widget=forms.DateInput(attrs={"type": "date"}))
    amount = forms.DecimalField(
        label=_("Montant par heure"),
        localize=True,
        min_value=4.5,
        error_messages={"min_value": _("Au moins 4,50 € par heure en 2026 (article L124-6).")},
        widget=forms.TextInput(attrs={"inputmode": "decimal", "data-unit": "€"}),
    )
    mode = forms.ChoiceField(
        label=_("Modalité de versement"),
        required=False,
        choices=[("", "—"), ("transfer", _("Virement")), ("cheque", _("Chèque"))],
    )
    is_paid = forms.ChoiceField(
        label=_("Gratification au cours du stage"),
        choices=[("yes", _("Oui")), ("no", _("Non"))],
        widget=forms.RadioSelect,
    )
    days = forms.MultipleChoiceField(
        label=_("Jours travaillés"),
        required=False,
        choices=[
            ("0", _("lundi")),
            ("1", _("mardi")),
            ("2", _("mercredi")),
            ("3", _("jeudi")),
            ("4", _("vendredi")),
        ],
        widget=forms.CheckboxSelectMultiple,
    )
    is_confidential = forms.BooleanField(
        label=_("Sujet confidentiel"), required=False, help_text=_("Le rapport ne sera pas diffusé.")
    )
    number = forms.CharField(label=_("Numéro étudiant"), disabled=True, required=False)

    # What pstage.forms.Field reads on a form.
    remarks: dict[str, list[Any]]
    answers_remarks = True
    reasons: ClassVar[dict[str, Any]] = {
        "is_paid": _("La gratification est obligatoire au-delà de 308 heures de présence."),
    }


STEPS = [
    ("Élève", "done"),
    ("Formation", "done"),
    ("Établissement d’accueil", "done"),
    ("Service d’accueil", "remark"),
    ("Tuteur professionnel", "error"),
    ("Contenu du stage", "todo"),
    ("Responsable pédagogique", "todo"),
    ("Signataire", "todo"),
    ("Récapitulatif", "todo"),
]
ROWS = [
    (
        "Inès Marchand",
        "M2 Chimie",
        "Laboratoires Vauquelin, Rouen",
        "stop",
        "Début dans 4 jours",
        "Corrigée il y a 1 h",
    ),
    (
        "Yanis Lefèvre",
        "L3 Droit",
        "Tribunal judiciaire de Caen",
        "wait",
        "À valider",
        "Soumise il y a 2 jours",
    ),
    (
        "Mehdi Aubert",
        "M2 Chimie",
        "Universität Bremen (Allemagne)",
        "info",
        "Chez l’étudiant",
        "2 remarques, depuis 5 jours",
    ),
]


def of_everything() -> dict[str, Any]:
    """Return invented data for every component of the style guide."""
    now = timezone.now()
    current, stepper = 6, steps(6)
    return {
        "panel": law_panel(),
        "form": form_with_remarks(now),
        "steps": stepper,
        "step": stepper[current - 1],
        "number": current,
        "phases": [
            {"label": label, "state": state}
            for label, state in [
                ("Saisie", "done"),
                ("Vérification", "now"),
                ("Impression", ""),
                ("Signatures", ""),
                ("Stage", ""),
            ]
        ],
        "page": Paginator(range(137), 20).page(2),
        "saved_at": now,
        "rows": rows(),
    }


def form_with_remarks(now: datetime) -> SpecimenForm:
    """Return a form that was sent, with its mistakes, a remark and one that was treated."""
    form = SpecimenForm(
        data={
            "search": "chu caen",
            "subject": "Suivi qualité des lots en production",
            "missions": "",
            "start": "2026-03-02",
            "amount": "4,35",
            "is_paid": "yes",
            "days": ["0", "1"],
        },
        initial={"number": "22100457"},
    )
    remark = SimpleNamespace(
        pk=1,
        author="Nathalie Rousseau",
        created_at=now,
        text="Le sujet doit dire ce que vous ferez, pas seulement le service.",
        answer="",
        resolved_at=None,
    )
    treated = SimpleNamespace(
        **{**vars(remark), "pk": 2, "text": "Précisez le site.", "answer": "Rouen.", "resolved_at": now}
    )
    form.remarks = {"subject": [remark], "missions": [treated]}
    return form


def steps(current: int) -> list[dict[str, Any]]:
    """Return the stepper of an agreement."""
    return [
        {
            "slug": f"step-{rank}",
            "label": label,
            "state": state,
            "current": rank == current,
            "url": "#main" if rank < 8 else "",
        }
        for rank, (label, state) in enumerate(STEPS, start=1)
    ]


def rows() -> list[dict[str, Any]]:
    """Return the lines of a list of agreements."""
    return [
        {
            "number": f"2026-0001{rank}",
            "student": student,
            "programme": programme,
            "host": host,
            "dates": "02/03 → 31/07/2026",
            "tone": tone,
            "state": state,
            "since": since,
        }
        for rank, (student, programme, host, tone, state, since) in enumerate(ROWS, start=18)
    ]


def law_panel() -> words.Panel:
    """Return what the law says of an invented stage: something to correct, something to weigh, five months."""
    start, end = date(2025, 11, 3), date(2026, 3, 27)
    week = calendar.spread(Decimal(39), range(5))
    case = law.Case(
        law.Facts(
            today=start,
            stage=facts.Stage(
                start,
                end,
                calendar.Schedule((calendar.WorkPeriod(start, end, week),)),
                leave_terms="Un jour par mois",
            ),
            pay=facts.Pay(True, Decimal("4.20"), facts.PayUnit.HOUR),
        ),
        law.Amounts({2025: Decimal(29), 2026: Decimal(30)}),
    )
    return words.panel(case, law.findings(case))
