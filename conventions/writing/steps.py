"""The nine steps of an agreement: their order, what is missing in each, where to go next."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from django.db.models import Field
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conventions import law
from conventions.legality import words
from conventions.models import Amended, Convention
from conventions.models.columns import CONTENT, NAMED, Required, asked
from conventions.models.schedule import PERIODS
from conventions.writing import forms
from organisations import acceptance
from organisations.models import Contact


@dataclass(frozen=True)
class Step:
    """One step: its address, its title, the columns it fills and the rules it must meet."""

    slug: str
    title: str | Promise
    fields: tuple[str, ...]
    problems: Callable[[Convention], forms.Problems]
    form: type[forms.StepForm] | None = None
    why: str | Promise = ""

    def missing(self, convention: Convention) -> dict[str, str]:
        """Return what keeps this step from being complete, field by field: what to correct, or "" to fill it."""
        empty = {
            name: ""
            for name in self.fields
            if NAMED[name].required is Required.ALWAYS and forms.is_empty(convention, name)
        }
        problems = self.problems(convention)
        if convention.avenant:
            opened = convention.avenant.may_change
            problems = {name: problem for name, problem in problems.items() if name in opened}
        return {**problems, **empty}

    def has_mistake(self, convention: Convention) -> bool:
        """Whether something typed breaks a rule, as opposed to not being typed yet."""
        return any(not forms.is_empty(convention, name) for name in self.problems(convention))

    def holds(self, name: str) -> bool:
        """Whether a field is filled here; an avenant's step is a part of the agreement's."""
        step = STEP_OF_FIELD.get(name)
        return step is not None and step.slug == self.slug


def column_label(name: str) -> str:
    """Return a column's name as people read it; the periods, and the purpose of an avenant, have one too."""
    if name == "reason":
        return str(PURPOSE_TITLE)
    field = Convention._meta.get_field(name)
    return str(field.verbose_name if isinstance(field, Field) else PERIODS[name].label)


def organisation_problems(convention: Convention) -> forms.Problems:
    host = convention.organisation
    refusal = host and acceptance.refusal(host, convention.institution, is_banned=convention.is_host_banned)
    return {"organisation": refusal} if refusal else {}


def service_problems(convention: Convention) -> forms.Problems:
    if convention.service and convention.service.organisation_id != convention.organisation_id:
        return {"service": _("Ce service n’appartient pas à l’établissement choisi.")}
    return {}


def teacher_problems(convention: Convention) -> forms.Problems:
    if convention.teacher and not convention.teacher.user.is_active:
        return {"teacher": _("Cette personne n’enseigne plus ici : choisissez-en une autre.")}
    return {}


def is_reached_as_the_student(convention: Convention, contact: Contact) -> bool:
    """Whether somebody of the host has the telephone or an address of the trainee, however they are written."""
    emails = {
        convention.student.user.email,
        convention.student_personal_email,
        convention.student.personal_email,
    }
    phones = {convention.student_phone, convention.student.phone}
    return bool(
        {contact.email.casefold()} & {email.casefold() for email in emails if email}
        or {dialled(contact.phone)} & {dialled(phone) for phone in phones if phone}
    )


def dialled(phone: str) -> str:
    """Return the digits that tell one telephone from another: its last nine."""
    return "".join(character for character in phone if character.isdecimal())[-9:]


def contact_problems(name: str) -> Callable[[Convention], forms.Problems]:
    def problems(convention: Convention) -> forms.Problems:
        contact = getattr(convention, name)
        if contact and contact.anonymised_at:
            return {
                name: _(
                    "Cette fiche a été anonymisée après trois ans : choisissez ou saisissez une personne."
                )
            }
        if contact and contact.organisation_id != convention.organisation_id:
            return {name: _("Cette personne n’appartient pas à l’établissement choisi.")}
        if contact and is_reached_as_the_student(convention, contact):
            return {
                name: _(
                    "Son téléphone ou son adresse électronique est celui de l’étudiant : indiquez le sien, dans "
                    "l’organisme."
                )
            }
        return {}

    return problems


def form_step(slug: str, title: Promise, form: type[forms.StepForm], why: str | Promise = "") -> Step:
    return Step(slug, title, asked(slug), form.problems, form, why)


STEPS = (
    form_step(
        "eleve",
        gettext_lazy("Élève"),
        forms.StudentForm,
        gettext_lazy(
            "Ces coordonnées figurent sur la convention et servent à vous joindre pendant le stage."
        ),
    ),
    form_step(
        "formation",
        gettext_lazy("Formation"),
        forms.ProgrammeForm,
        gettext_lazy(
            "Votre étape d’étude dit quel centre vérifie votre convention et quel directeur la signe."
        ),
    ),
    Step(
        "etablissement",
        gettext_lazy("Établissement d’accueil"),
        asked("etablissement"),
        organisation_problems,
        why=gettext_lazy(
            "C’est l’organisme qui signe la convention : son siège ou l’établissement où vous serez."
        ),
    ),
    Step(
        "service",
        gettext_lazy("Service d’accueil"),
        asked("service"),
        service_problems,
        why=gettext_lazy(
            "L’adresse où vous serez présent : elle compte pour l’assurance et les jours fériés."
        ),
    ),
    Step(
        "tuteur",
        gettext_lazy("Tuteur professionnel"),
        asked("tuteur"),
        contact_problems("tutor"),
        why=gettext_lazy(
            "La personne qui vous encadre sur place. Elle peut suivre trois stagiaires à la fois."
        ),
    ),
    form_step(
        CONTENT,
        gettext_lazy("Contenu du stage"),
        forms.ContentForm,
        gettext_lazy("Ce que vous écrivez ici est imprimé sur la convention et signé par les cinq parties."),
    ),
    Step(
        "responsable",
        gettext_lazy("Responsable pédagogique"),
        asked("responsable"),
        teacher_problems,
        why=gettext_lazy(
            "L’enseignant référent qui suit votre stage. Demandez-lui son accord avant de le choisir."
        ),
    ),
    Step(
        "signataire",
        gettext_lazy("Signataire"),
        asked("signataire"),
        contact_problems("signatory"),
        why=gettext_lazy(
            "La personne qui a le pouvoir de signer pour l’organisme ; ce n’est pas toujours le tuteur."
        ),
    ),
)
# Who the student is, which only an avenant corrects: before it, the records of the university are corrected.
IDENTITY = form_step(
    "identite",
    gettext_lazy("Identité de l’étudiant"),
    forms.IdentityForm,
)
STEPS_OF_AVENANTS = (IDENTITY, *STEPS)
# The first page of an avenant.
PURPOSE = "objet"
PURPOSE_TITLE = gettext_lazy("Objet de l’avenant")
RECAP = "recapitulatif"
RECAP_TITLE = gettext_lazy("Récapitulatif")
BY_SLUG = {step.slug: step for step in STEPS_OF_AVENANTS}
STEP_OF_FIELD = {name: step for step in STEPS_OF_AVENANTS for name in step.fields} | dict.fromkeys(
    PERIODS, BY_SLUG[CONTENT]
)
# The address that leads to wherever there is something left to fill.
RESUME = "reprendre"


@dataclass(frozen=True)
class Missing:
    """Something to fill or correct: its field's name, what to do, where."""

    label: str
    message: str
    url: str


@dataclass(frozen=True)
class Place:
    """One line of the stepper, for one agreement; ``state`` is ``todo``, ``done``, ``error`` or ``remark``."""

    slug: str
    label: str | Promise
    state: str
    url: str
    current: bool
    missing: list[Missing]
    is_choice: bool = False


def steps_of(convention: Convention) -> tuple[Step, ...]:
    """Return the steps of an agreement; of an avenant, those that its kinds open, with what they open of each."""
    avenant = convention.avenant
    if convention.is_being_corrected:
        return tuple(step for step in STEPS if step.slug not in NOT_CORRECTED)
    if avenant is None:
        return STEPS
    opened = avenant.may_change.difference(() if convention.is_abroad else asked(CONTENT, "abroad"))
    steps = (
        replace(step, fields=tuple(name for name in step.fields if name in opened))
        for step in STEPS_OF_AVENANTS
    )
    has_periods = bool(opened & PERIODS.keys())
    return tuple(step for step in steps if step.fields or (has_periods and step.slug == CONTENT))


# What a manager does not correct by themselves: another student's year or another host make another agreement.
NOT_CORRECTED = ("formation", "etablissement")


def stopped_by(findings: Iterable[law.Finding]) -> dict[str, dict[str, str]]:
    """Return, by step, the fields that the law forbids as they are, each with what it says."""
    stopped: dict[str, dict[str, str]] = {}
    for finding in findings:
        if finding.stops and not finding.is_missing and (step := STEP_OF_FIELD.get(finding.field)):
            stopped.setdefault(step.slug, {})[finding.field] = words.message(finding)
    return stopped


def places(
    convention: Convention,
    current: str = "",
    remarked: frozenset[str] = frozenset(),
    findings: Iterable[law.Finding] = (),
) -> list[Place]:
    """Return the stepper: every step with its state, those that hold one of the ``remarked`` fields flagged.

    What the law forbids is a mistake of the step that holds its field.
    """
    stopped = stopped_by(findings)
    lines = []
    if isinstance(convention, Amended):
        url = purpose_url(convention)
        state = "remark" if "reason" in remarked else "done"
        lines.append(Place(PURPOSE, PURPOSE_TITLE, state, url, current == PURPOSE, []))
    for step in steps_of(convention):
        url = step_url(convention, step.slug)
        wrong = stopped.get(step.slug, {})
        missing = [
            Missing(column_label(name), message, f"{url}#{anchor(name)}")
            for name, message in {**wrong, **step.missing(convention)}.items()
        ]
        if any(step.holds(name) for name in remarked):
            state = "remark"
        elif missing:
            state = "error" if wrong or step.has_mistake(convention) else "todo"
        else:
            # Nothing of an avenant is empty: a step of it is done once it changes something.
            state = "done" if is_changed(convention, step) else "todo"
        lines.append(
            Place(
                step.slug, step.title, state, url, step.slug == current, missing, is_choice=step.form is None
            )
        )
    lines.append(Place(RECAP, RECAP_TITLE, "todo", step_url(convention, RECAP), current == RECAP, []))
    return lines


def is_changed(convention: Convention, step: Step) -> bool:
    """Whether the avenant shown changes something that a step fills; without one, every step counts."""
    avenant = convention.avenant
    return avenant is None or any(step.holds(name.removesuffix("_id")) for name in avenant.changes)


def anchor(name: str) -> str:
    """Return the id of a field's first input on the page of its step."""
    step = STEP_OF_FIELD[name]
    form_field = step.form.base_fields.get(name) if step.form else None
    several = form_field and form_field.widget.use_fieldset
    return f"id_{name}_0" if several else f"id_{name}"


def field_url(convention: Convention, name: str) -> str:
    """Return where a field is filled, or an attachment sent; the summary for what no step fills."""
    if name == "attachments":
        return reverse("conventions:attach", args=[convention.pk])
    if name == "reason" and isinstance(convention, Amended):
        return f"{purpose_url(convention)}#id_reason"
    step = STEP_OF_FIELD.get(name)
    return f"{step_url(convention, step.slug)}#{anchor(name)}" if step else step_url(convention, RECAP)


def first_incomplete(convention: Convention) -> Step | None:
    """Return the first step that still misses something, or None when the agreement can be submitted."""
    return next((step for step in steps_of(convention) if step.missing(convention)), None)


def first_mistake(convention: Convention) -> str:
    """Return what is wrong in the first incomplete step; nothing when it only waits to be filled."""
    step = first_incomplete(convention)
    return next(filter(None, step.missing(convention).values()), "") if step else ""


def next_url(convention: Convention, slug: str) -> str:
    """Return where « Enregistrer et continuer » leads: the step after this one, the summary at the end."""
    slugs = [*(step.slug for step in steps_of(convention)), RECAP]
    return step_url(convention, slugs[slugs.index(slug) + 1])


def next_remark_url(convention: Convention, slug: str, remarked: Iterable[str]) -> str:
    """Return where a correction goes on: the next step that holds one of the ``remarked`` fields, else the summary."""
    remarked, steps = list(remarked), steps_of(convention)
    rank = next((rank for rank, step in enumerate(steps, start=1) if step.slug == slug), 0)
    step = next((step for step in steps[rank:] if any(map(step.holds, remarked))), None)
    return step_url(convention, step.slug if step else RECAP)


def previous_url(convention: Convention, slug: str) -> str | None:
    slugs = [*(step.slug for step in steps_of(convention)), RECAP]
    index = slugs.index(slug)
    if index == 0:
        return purpose_url(convention) if isinstance(convention, Amended) else None
    return step_url(convention, slugs[index - 1])


def resume_url(convention: Convention) -> str:
    """Return where to take up an agreement again: its first incomplete step, else the summary.

    Nothing of an avenant is empty to begin with: it is taken up at its first step.
    """
    step = first_incomplete(convention)
    if convention.avenant and not convention.avenant.changes:
        step = next(iter(steps_of(convention)), None)
    return step_url(convention, step.slug if step else RECAP)


def resume_or_purpose(convention: Amended) -> str:
    """Return where to take up an avenant: its first step that is incomplete or changes nothing, else its purpose."""
    step = first_incomplete(convention) or next(
        (step for step in steps_of(convention) if not is_changed(convention, step)), None
    )
    return step_url(convention, step.slug) if step else purpose_url(convention)


def step_url(convention: Convention, slug: str) -> str:
    """Return the address of a step; the summary of an avenant, or of a correction, is its own page."""
    if slug == RECAP and (convention.avenant or convention.is_being_corrected):
        return convention.acted_on.get_absolute_url()
    return step_page(convention, "step", slug)


def create_url(convention: Convention, slug: str) -> str:
    """Return the page that adds to the directory what a step chooses."""
    return step_page(convention, "create", slug)


def step_page(convention: Convention, page: str, slug: str) -> str:
    """Return the address of a page of a step, of the agreement or of the avenant shown."""
    if convention.avenant is None:
        kind = "correction_" if convention.is_being_corrected else ""
        return reverse(f"conventions:{kind}{page}", args=[convention.pk, slug])
    return reverse(f"conventions:avenant_{page}", args=[convention.pk, convention.avenant.pk, slug])


def correction_url(convention: Convention) -> str:
    """Return where a manager corrects a submitted agreement themselves: what the stage is."""
    return reverse("conventions:correction_step", args=[convention.pk, CONTENT])


def purpose_url(convention: Amended) -> str:
    """Return the first page of an avenant: what it is about."""
    return reverse("conventions:avenant_purpose", args=[convention.pk, convention.avenant.pk])


def after_url(convention: Convention) -> str:
    """Return the page of what follows a submission."""
    return reverse("conventions:next", args=[convention.pk])
