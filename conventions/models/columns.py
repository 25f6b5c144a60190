"""The columns of an agreement: one row each, from which pages, copies, avenants and purges are derived.

It stands beside the model and imports none: the triggers of the agreement and of its avenants are written from it too.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class AvenantKind(models.TextChoices):
    """What an avenant is about (D124-4; standard agreement of 29 December 2014, article 9)."""

    EXTENSION = "extension", _("Prolongation du stage")
    POSTPONEMENT = "postponement", _("Report du stage")
    SUSPENSION = "suspension", _("Interruption ou absences")
    HOURS = "hours", _("Temps de présence et congés")
    GRATIFICATION = "gratification", _("Gratification et avantages")
    SUBJECT = "subject", _("Sujet et missions")
    PLACE = "place", _("Lieu ou service d’accueil")
    TUTOR = "tutor", _("Tuteur professionnel")
    SIGNATORY = "signatory", _("Signataire de l’organisme")
    TEACHER = "teacher", _("Enseignant référent")
    IDENTITY = "identity", _("Identité de l’étudiant")
    TERMINATION = "termination", _("Fin du stage avant son terme")
    OTHER = "other", _("Autre changement")


class Required(Enum):
    """When a column must be filled; its label says « facultatif » only where it never is."""

    NEVER = auto()
    # Another answer asks for it, or the law, or its section says to fill what concerns the stage.
    SOMETIMES = auto()
    ALWAYS = auto()


NEVER, SOMETIMES, ALWAYS = Required
(
    EXTENSION,
    POSTPONEMENT,
    SUSPENSION,
    HOURS,
    GRATIFICATION,
    SUBJECT,
    PLACE,
    TUTOR,
    SIGNATORY,
    TEACHER,
    IDENTITY,
    TERMINATION,
    OTHER,
) = AvenantKind
# The end of the stage moves; the hours are counted again.
LATER = (EXTENSION, POSTPONEMENT)
RECOUNTED = (*LATER, SUSPENSION, HOURS, TERMINATION)
CONTENT = "contenu"
# What a purge does with a column: nothing; or point at no row any more.
KEPT, NO_ROW = object(), object()


@dataclass(frozen=True)
class Column:
    """One column of an agreement, or one list of periods that is agreed with it.

    ``step`` is the slug of the step that fills it, ``section`` the part of the content step; what no step fills is
    written by the house, ``computed`` from the rest. ``kinds`` of avenant may change it. What is agreed keeps it as it is
    in a ``part`` of its context, and the summary shows it as it is in the section ``shown``; without these, ``documents``
    says how. A duplicate copies it, or not. A purge leaves ``erased`` in it.
    """

    name: str
    step: str = ""
    section: str = ""
    kinds: tuple[AvenantKind, ...] = ()
    required: Required = NEVER
    part: str = ""
    shown: str = ""
    copied: bool = True
    erased: Any = KEPT
    computed: bool = False
    is_list: bool = False


# In the order of the pages.
COLUMNS = (
    # The row
    Column("id", copied=False),
    Column("institution"),
    Column("number", copied=False),
    Column("status", copied=False),
    Column("created_by", copied=False, erased=NO_ROW),
    Column("created_at", copied=False),
    Column("updated_at", copied=False),
    Column("submitted_at", copied=False),
    Column("corrected_at", copied=False),
    Column("validated_at", copied=False),
    Column("version", copied=False),
    Column("reopened_at", copied=False),
    Column("search_key", copied=False),
    Column("hold_reason", copied=False, erased=""),
    Column("hold_until", copied=False, erased=None),
    Column("purged_at", copied=False),
    Column("student"),
    Column("record", copied=False, erased={}),
    Column("centre"),
    Column("signature_order", copied=False),
    Column("copies", copied=False),
    # Computed
    Column("hours_computed", copied=False, computed=True),
    Column("hours_assimilated", copied=False, computed=True),
    Column("terminated_on", copied=False, computed=True),
    Column("quota_end", copied=False, computed=True),
    # Student
    Column("student_street", "eleve", required=ALWAYS, erased=""),
    Column("student_address_extra", "eleve", erased=""),
    Column("student_postal_code", "eleve", required=ALWAYS, erased=""),
    Column("student_city", "eleve", required=ALWAYS, erased=""),
    Column("student_country", "eleve", required=ALWAYS, erased=""),
    Column("student_phone", "eleve", required=ALWAYS, erased=""),
    Column("student_personal_email", "eleve", required=ALWAYS, erased=""),
    Column("insured_status", "eleve", required=ALWAYS, part="student", shown="student", erased=NO_ROW),
    Column("health_fund", "eleve", required=SOMETIMES, erased=NO_ROW),
    Column("health_fund_other", "eleve", erased=""),
    Column("guardian_name", "eleve", required=SOMETIMES, erased=""),
    # What an avenant corrects of who the student is; the rest is what the records of the university say
    Column("corrected_last_name", "identite", "", (IDENTITY,), SOMETIMES, copied=False, erased=""),
    Column("corrected_first_name", "identite", "", (IDENTITY,), SOMETIMES, copied=False, erased=""),
    Column("corrected_birth_name", "identite", "", (IDENTITY,), SOMETIMES, copied=False, erased=""),
    Column("corrected_usage_name", "identite", "", (IDENTITY,), SOMETIMES, copied=False, erased=""),
    Column("corrected_civil_first_name", "identite", "", (IDENTITY,), SOMETIMES, copied=False, erased=""),
    Column("corrected_birth_date", "identite", "", (IDENTITY,), SOMETIMES, copied=False, erased=None),
    # Programme
    Column("enrolment", "formation", required=ALWAYS, copied=False),
    Column("stage_type", "formation", required=ALWAYS, part="programme", shown="programme"),
    Column("language", "formation", required=ALWAYS, part="programme", shown="programme"),
    # Host, place and tutor
    Column("organisation", "etablissement", required=ALWAYS),
    Column("service", "service", "", (PLACE,), ALWAYS),
    Column("tutor", "tuteur", "", (TUTOR,), ALWAYS, erased=NO_ROW),
    # The stage
    Column("theme", CONTENT, "subject", (SUBJECT,), ALWAYS, part="stage", shown="stage"),
    Column("subject", CONTENT, "subject", (SUBJECT,), ALWAYS, part="stage", shown="stage", erased=""),
    Column("missions", CONTENT, "subject", (SUBJECT,), ALWAYS, part="stage", shown="stage", erased=""),
    Column("skills", CONTENT, "subject", (SUBJECT,), ALWAYS, part="stage", shown="stage", erased=""),
    Column("details", CONTENT, "subject", (SUBJECT,), part="stage", shown="stage", erased=""),
    Column("start", CONTENT, "time", (POSTPONEMENT,), ALWAYS, part="stage", copied=False),
    Column("end", CONTENT, "time", (*LATER, TERMINATION), ALWAYS, part="stage", copied=False),
    Column("working_time", CONTENT, "time", (HOURS,), ALWAYS, part="stage"),
    Column("weekly_hours", CONTENT, "time", (HOURS,), ALWAYS, part="stage"),
    Column("working_days", CONTENT, "time", (HOURS,), ALWAYS),
    Column("day_starts_at", CONTENT, "time", (HOURS,), part="stage"),
    Column("day_ends_at", CONTENT, "time", (HOURS,), part="stage"),
    Column("schedule_comment", CONTENT, "time", (HOURS,), part="stage", erased=""),
    Column("work_periods", CONTENT, "time", (HOURS,), copied=False, is_list=True),
    Column("interruptions", CONTENT, "time", (*LATER, SUSPENSION), copied=False, is_list=True),
    Column("leave_days", CONTENT, "leave", (HOURS,), part="stage", shown="time"),
    Column("leave_terms", CONTENT, "leave", (HOURS,), SOMETIMES, part="stage", shown="time", erased=""),
    Column("leave_is_paid", CONTENT, "leave", (HOURS,), part="stage", shown="time"),
    Column("hours_corrected", CONTENT, "time", RECOUNTED, copied=False),
    Column("hours_reason", CONTENT, "time", RECOUNTED, SOMETIMES, copied=False, erased=""),
    Column("works_at_night", CONTENT, "time", (HOURS,), part="stage"),
    Column("works_on_sunday", CONTENT, "time", (HOURS,), part="stage"),
    Column("works_on_holidays", CONTENT, "time", (HOURS,), part="stage"),
    Column("works_on_whit_monday", CONTENT, "time", (HOURS,), part="stage"),
    Column("works_remotely", CONTENT, "time", (HOURS,), part="stage"),
    Column("exceptional_work", CONTENT, "time", (HOURS,), SOMETIMES, part="stage", erased=""),
    Column("is_paid", CONTENT, "money", (GRATIFICATION,), ALWAYS),
    Column("amount", CONTENT, "money", (GRATIFICATION,), SOMETIMES),
    Column("amount_unit", CONTENT, "money", (GRATIFICATION,), SOMETIMES),
    Column("currency", CONTENT, "money", (GRATIFICATION,), SOMETIMES),
    Column("payment_mode", CONTENT, "money", (GRATIFICATION,), SOMETIMES),
    Column("payment_frequency", CONTENT, "money", (GRATIFICATION,), SOMETIMES),
    Column("branch_minimum", CONTENT, "money", (GRATIFICATION,)),
    Column("is_employed_by_host", CONTENT, "money", (GRATIFICATION,), part="gratification", copied=False),
    Column(
        "benefits",
        CONTENT,
        "money",
        (GRATIFICATION,),
        ALWAYS,
        part="gratification",
        shown="gratification",
        erased="",
    ),
    # What only the host knows
    Column(
        "headcount",
        CONTENT,
        "declared",
        (),
        SOMETIMES,
        part="declarations",
        shown="declarations",
        copied=False,
    ),
    Column("host_trainees", CONTENT, "declared", (), SOMETIMES, part="declarations", copied=False),
    Column("tutor_trainees", CONTENT, "declared", (TUTOR,), SOMETIMES, part="declarations", copied=False),
    Column("collective_hours", CONTENT, "declared", (), SOMETIMES, part="declarations"),
    Column(
        "earlier_hours", CONTENT, "declared", (), SOMETIMES, part="declarations", copied=False, erased=None
    ),
    Column(
        "previous_start", CONTENT, "declared", (), SOMETIMES, part="declarations", copied=False, erased=None
    ),
    Column(
        "previous_end", CONTENT, "declared", (), SOMETIMES, part="declarations", copied=False, erased=None
    ),
    Column("previous_left_early", CONTENT, "declared", part="declarations", copied=False),
    Column("replaces_someone", CONTENT, "declared", part="declarations"),
    Column("has_regulated_work", CONTENT, "declared", part="declarations"),
    Column("regulated_work_declared", CONTENT, "declared", part="declarations", copied=False),
    Column("in_restricted_area", CONTENT, "declared", part="declarations"),
    Column("restricted_area_authorised", CONTENT, "declared", part="declarations", copied=False),
    # What a certificate of insurance says
    Column("insurer", CONTENT, "cover", LATER, SOMETIMES, part="insurance", erased=""),
    Column("insurance_policy", CONTENT, "cover", LATER, SOMETIMES, erased=""),
    Column("insurance_start", CONTENT, "cover", LATER, SOMETIMES, copied=False, erased=None),
    Column("insurance_end", CONTENT, "cover", LATER, SOMETIMES, copied=False, erased=None),
    # What only a stage abroad asks
    Column("has_information_sheet", CONTENT, "abroad", (PLACE,), part="abroad", copied=False),
    Column("has_assistance_policy", CONTENT, "abroad", (PLACE,), part="abroad", copied=False),
    Column("travel_zone", CONTENT, "abroad", (PLACE,), SOMETIMES, part="abroad", copied=False),
    Column(
        "travel_decision",
        CONTENT,
        "abroad",
        (PLACE,),
        SOMETIMES,
        part="abroad",
        shown="abroad",
        copied=False,
        erased="",
    ),
    # All the rest
    Column("origin", CONTENT, "other", (), ALWAYS, part="stage"),
    Column("follow_up", CONTENT, "other", (), ALWAYS, part="stage", shown="follow_up", erased=""),
    Column("work_nature", CONTENT, "other", (), ALWAYS, part="stage", shown="follow_up"),
    Column("validation_mode", CONTENT, "other", (), ALWAYS, part="stage", shown="follow_up"),
    Column("ects", CONTENT, "other", part="stage", shown="follow_up"),
    Column("is_confidential", CONTENT, "other", (SUBJECT,), part="stage"),
    Column("internal_rules", CONTENT, "other", part="stage", shown="follow_up", erased=""),
    # Who follows it, who signs for the host
    Column("teacher", "responsable", "", (TEACHER,), ALWAYS, erased=NO_ROW),
    Column("signatory", "signataire", "", (SIGNATORY,), ALWAYS, erased=NO_ROW),
)
# What an avenant corrects, by the name that it has in the records.
CORRECTED = {
    column.name.removeprefix("corrected_"): column.name for column in COLUMNS if IDENTITY in column.kinds
}
NAMED = {column.name: column for column in COLUMNS}
# What each kind of avenant may change.
MAY_CHANGE: dict[str, tuple[str, ...]] = {
    kind: tuple(column.name for column in COLUMNS if kind in column.kinds) for kind in AvenantKind
}
# What a purge leaves of the columns that speak of somebody, or where somebody may have been named, as the database
# names them; sorted, so that the trigger that holds it does not follow the order of the pages.
ERASED: dict[str, Any] = dict(
    sorted(
        (f"{column.name}_id", None) if column.erased is NO_ROW else (column.name, column.erased)
        for column in COLUMNS
        if column.erased is not KEPT
    )
)
# What each part of a context keeps as it is.
KEPT_IN = {
    part: tuple(column.name for column in COLUMNS if column.part == part)
    for part in dict.fromkeys(column.part for column in COLUMNS)
    if part
}


def asked(step: str, section: str = "") -> tuple[str, ...]:
    """Return the columns that a step fills, or one section of it, in order; lists of periods have forms of their own."""
    return tuple(
        column.name
        for column in COLUMNS
        if column.step == step and section in ("", column.section) and not column.is_list
    )
