"""The demo world: one person per role, one agreement in each state, in two UFRs of one invented university.

Every name, number and address is nobody's: ``.example`` domains, telephone numbers that ARCEP keeps for fiction,
SIRET numbers that pass their sums but belong to no range INSEE has opened.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import ROUND_UP, Decimal
from typing import Any
from unittest.mock import patch

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from PIL import Image, ImageDraw
from stdnum import luhn

from accounts.demo import DOMAIN
from accounts.folding import fold
from accounts.models import Institution, Student, User
from conventions import legality, workflow
from conventions.attachments import deciding, uploads
from conventions.calendar import CENT
from conventions.follow_up import completion
from conventions.law.facts import Zone
from conventions.models import (
    Attachment,
    Avenant,
    AvenantKind,
    Convention,
    HealthInsuranceFund,
    Remark,
    Term,
)
from conventions.workflow import avenants, guards
from conventions.writing import changes, drafts
from organisations import directory
from organisations.destinations import ADVICE
from organisations.models import (
    Ban,
    Centre,
    Contact,
    Destination,
    Enrolment,
    HeadcountBand,
    LegalForm,
    Manager,
    NafCode,
    Organisation,
    Programme,
    RiskLevel,
    SecurityOfficer,
    Service,
    Teacher,
    Ufr,
)

PASSWORD = "bocage-en-fleurs"  # noqa: S105  printed at each start of the demo
NAME = "Université du Bocage"
# The hosts.
LAB, TOWN = "Laboratoires Vauquelin", "Ville de Pont-l’Abbaye"
HEDGES, ABROAD = "Association Haies vives", "Übersetzungsbüro Weser"
AT_RISK = "Cèdre Traductions"


@transaction.atomic
def build(today: date | None = None) -> bool:
    """Make the demo world around ``today``; return False, changing nothing, when it is already there.

    Needs the reference lists (``manage.py load_nomenclatures``).
    """
    if Institution.objects.filter(name=NAME).exists():
        return False
    world = World(today or timezone.localdate())
    world.people()
    world.hosts()
    world.directory()
    world.agreements()
    return True


def siret(number: int) -> str:
    """Return a SIRET that passes both sums, in a range that belongs to nobody."""
    siren = f"{number:08d}"
    siren += luhn.calc_check_digit(siren)
    return siren + "0001" + luhn.calc_check_digit(siren + "0001")


def term(kind: Term.Kind, code: str) -> Term:
    return Term.objects.get(kind=kind, code=code)


class World:
    """What is being built, by name."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.institution = Institution.objects.create(
            name=NAME,
            short_name="Bocage",
            street="1 esplanade des Pommiers",
            postal_code="14000",
            city="Caen",
            phone="+33 2 61 91 10 00",
            email=f"contact@{DOMAIN}",
            support_email=f"assistance@{DOMAIN}",
            legal_representative="Claire Vasseur",
            legal_representative_title="Présidente de l’université",
        )
        self.year = self.institution.academic_year(today)
        self.students: dict[str, Student] = {}
        self.programmes: dict[str, Programme] = {}
        self.managers: dict[str, User] = {}
        self.teachers: dict[str, Teacher] = {}
        self.services: dict[str, tuple[Service, Contact, Contact]] = {}

    def user(self, first_name: str, last_name: str, email: str = "", **fields: Any) -> User:
        return User.objects.create_user(
            email or fold(f"{first_name}.{last_name}").replace(" ", ".") + f"@{DOMAIN}",
            PASSWORD,
            first_name=first_name,
            last_name=last_name,
            institution=self.institution,
            **fields,
        )

    def people(self) -> None:
        """The university: two UFRs with a centre each, their staff, their students."""
        self.user("Alex", "Martin", f"admin@{DOMAIN}", is_staff=True, is_superuser=True)
        sciences = self.ufr(
            "SCI",
            "UFR des Sciences",
            "Hélène Morvan",
            "Directrice de l’UFR des Sciences",
            instructions=(
                "Déposez votre convention au moins trois semaines avant le début du stage.\n\n"
                "Le stage doit se terminer avant le 31 août. Pour un stage en laboratoire de recherche, "
                "joignez l’accord du directeur du laboratoire."
            ),
        )
        languages = self.ufr(
            "LAN",
            "UFR des Langues vivantes",
            "Marc Delaunay",
            "Directeur de l’UFR des Langues vivantes",
            notified=Centre.Notified.MAILBOX,
            teacher_approves=True,
        )
        self.staff(sciences, languages)
        SecurityOfficer.objects.create(user=self.user("Odile", "Renard"), institution=self.institution)
        self.enrol_all(sciences, languages)

    def staff(self, sciences: Ufr, languages: Ufr) -> None:
        """A manager of each centre and more, teachers; one of them is both."""
        for first_name, last_name, centres in (
            ("Nathalie", "Rousseau", [sciences]),
            ("Karim", "Benali", [languages]),
            ("Sophie", "Garnier", [languages]),
        ):
            user = self.user(first_name, last_name)
            self.managers[last_name] = user
            for ufr in centres:
                assert ufr.centre is not None
                Manager.objects.create(user=user, centre=ufr.centre)
        self.teacher("Paul", "Lemoine", sciences, "Maître de conférences", "S3-214")
        self.teacher("Anne", "Kervella", sciences, "Professeure des universités", "S3-101")
        self.teachers["Garnier"] = Teacher.objects.create(
            user=self.managers["Garnier"],
            ufr=languages,
            position="Maîtresse de conférences",
            phone="+33 2 61 91 10 42",
            office="L-105",
        )

    def enrol_all(self, sciences: Ufr, languages: Ufr) -> None:
        """The students of three programmes."""
        chemistry = self.programme(sciences, "M2CHI", "Master 2 Chimie analytique", "M2", 420)
        computing = self.programme(sciences, "L3INF", "Licence 3 Informatique", "L3", 550)
        translation = self.programme(languages, "M1TRA", "Master 1 Traduction spécialisée", "M1", 380)
        for first_name, last_name, programme in (
            ("Inès", "Marchand", chemistry),
            ("Mehdi", "Aubert", chemistry),
            ("Clara", "Nguyen", computing),
            ("Yanis", "Lefèvre", computing),
            ("Louise", "Pichon", computing),
            ("Thomas", "Ferrand", chemistry),
            ("Jade", "Moreau", chemistry),
            ("Aïcha", "Diallo", translation),
            ("Émile", "Le Goff", translation),
            ("Hugo", "Perrin", computing),
            ("Lina", "Fabre", chemistry),
            ("Noé", "Carlier", chemistry),
            ("Nour", "Haddad", translation),
        ):
            self.student(first_name, last_name, programme)

    def ufr(self, code: str, name: str, director: str, title: str, **habits: Any) -> Ufr:
        centre = Centre.objects.create(
            institution=self.institution,
            name=f"Bureau des stages – {name}",
            mailbox=f"stages.{code.lower()}@{DOMAIN}",
            phone="+33 2 61 91 10 20",
            address="1 esplanade des Pommiers, 14000 Caen",
            signatory_name=director,
            signatory_title=title,
            **habits,
        )
        return Ufr.objects.create(institution=self.institution, code=code, name=name, centre=centre)

    def programme(self, ufr: Ufr, code: str, label: str, level: str, hours: int) -> Programme:
        return Programme.objects.create(
            institution=self.institution,
            ufr=ufr,
            code=code,
            version="1",
            label=label,
            level=level,
            teaching_hours=hours,
            presence_hours=hours - 60,
        )

    def teacher(self, first_name: str, last_name: str, ufr: Ufr, position: str, office: str) -> None:
        self.teachers[last_name] = Teacher.objects.create(
            user=self.user(first_name, last_name),
            ufr=ufr,
            position=position,
            office=office,
            phone=f"+33 2 61 91 11 {len(self.teachers):02d}",
        )

    def student(self, first_name: str, last_name: str, programme: Programme) -> None:
        rank = len(self.students) + 1
        student = Student.objects.create(
            user=self.user(first_name, last_name),
            institution=self.institution,
            number=f"22{rank:06d}",
            birth_date=date(self.year - 21, (rank - 1) % 12 + 1, 10 + rank),
            street=f"{rank * 3} rue du Verger",
            postal_code="14000",
            city="Caen",
            phone=f"+33 6 39 98 {rank:02d} 01",
            personal_email=fold(first_name) + "@courriel.example",
        )
        self.students[last_name] = student
        self.programmes[last_name] = programme
        self.enrolment(last_name)

    def enrolment(self, student: str) -> Enrolment:
        """The enrolment of a student in the academic year of the day that is built."""
        enrolment, _created = Enrolment.objects.get_or_create(
            student=self.students[student],
            programme=self.programmes[student],
            academic_year=self.institution.academic_year(self.today),
        )
        return enrolment

    @contextmanager
    def days_ago(self, days: int) -> Iterator[None]:
        """Build as on a past day, by the same workflow: what it dates is dated of that day."""
        today, then = self.today, timezone.now() - timedelta(days=days)
        self.today -= timedelta(days=days)
        with patch.object(timezone, "now", lambda: then):
            yield
        self.today = today

    def hosts(self) -> None:
        """Where people go: a company, a public body, an association without SIRET, a host abroad."""
        self.host(
            LAB,
            ("57", "31", "21.20Z"),
            ("12 rue des Chimistes", "76000", "Rouen", "FR"),
            "Contrôle qualité – site de Rouen",
            ("Paul", "Grandin", "Responsable qualité"),
            ("Hélène", "Bossard", "Directrice générale"),
            siret=siret(1),
        )
        self.host(
            TOWN,
            ("72", "22", "84.11Z"),
            ("Place de l’Hôtel-de-Ville", "14130", "Pont-l’Évêque", "FR"),
            "Direction des systèmes d’information",
            ("Sylvie", "Auvray", "Cheffe de projet numérique"),
            ("Gérard", "Toutain", "Maire"),
            siret=siret(2),
        )
        self.host(
            HEDGES,
            ("92", "00", "94.99Z"),
            ("3 chemin des Noisetiers", "61100", "Flers", "FR"),
            "Bureau de Flers",
            ("Manon", "Leroux", "Coordinatrice"),
            ("Jacques", "Hamel", "Président"),
            siret_exemption=Organisation.SiretExemption.ASSOCIATION,
            local_identifier="W610000000",
        )
        self.host(
            ABROAD,
            ("32", "11", None),
            ("Am Deich 8", "28199", "Bremen", "DE"),
            "Team Technik",
            ("Jana", "Petersen", "Projektleiterin"),
            ("Uwe", "Hansen", "Geschäftsführer"),
            activity="Traduction technique",
        )
        self.host(
            AT_RISK,
            ("57", "11", None),
            ("14 rue de Damas", "", "Beyrouth", "LB"),
            "Pôle terminologie",
            ("Rania", "Khoury", "Traductrice"),
            ("Samir", "Aoun", "Gérant"),
            activity="Traduction technique",
        )
        for country, level in (("DE", RiskLevel.GREEN), ("LB", RiskLevel.ORANGE)):
            Destination.objects.create(
                institution=self.institution,
                country=country,
                level=level,
                source="Exemple de la démonstration",
                source_url=ADVICE,
                checked_on=self.today,
            )

    def directory(self) -> None:
        """What the staff keeps right: a closed host, one where nobody goes, new ones, one of them a duplicate."""
        student, manager = self.students["Lefèvre"].user, self.managers["Rousseau"]
        self.record(
            "Imprimerie Delmas",
            ("57", "12", "18.12Z"),
            ("5 rue des Tanneurs", "14500", "Vire Normandie", "FR"),
            siret=siret(11),
            is_verified=True,
            is_open=False,
            closed_on=self.today - timedelta(days=200),
        )
        banned = self.record(
            "Prestige Conseil",
            ("57", "03", "70.22Z"),
            ("18 quai des Docks", "14000", "Caen", "FR"),
            siret=siret(12),
            is_verified=True,
        )
        Ban.objects.create(
            organisation=banned,
            institution=self.institution,
            reason="Deux stagiaires laissés sans tuteur pendant un mois.",
            until=self.today + timedelta(days=365),
            by=manager,
        )
        self.record(
            "Menuiserie Aubry",
            ("57", "02", None),
            ("Zone artisanale des Ormes", "61100", "Flers", "FR"),
            siret=siret(13),
            created_by=student,
        )
        twice = self.record(
            "Mairie de Pont-l’Abbaye",
            ("72", "22", "84.11Z"),
            ("Hôtel de Ville", "14130", "Pont-l’Évêque", "FR"),
            siret_exemption=Organisation.SiretExemption.PENDING,
            created_by=student,
        )
        directory.note_resemblances(twice)

    def record(
        self, name: str, kind: tuple[str, str, str | None], address: tuple[str, str, str, str], **fields: Any
    ) -> Organisation:
        """Add a host to the directory."""
        legal_form, headcount, naf = kind
        return Organisation.objects.create(
            name=name,
            legal_form=LegalForm.objects.get(pk=legal_form),
            headcount_band=HeadcountBand.objects.get(pk=headcount),
            naf_code=NafCode.objects.filter(version=NafCode.Version.REV2, code=naf).first(),
            **dict(zip(("street", "postal_code", "city", "country"), address, strict=True)),
            **fields,
        )

    def host(
        self,
        name: str,
        kind: tuple[str, str, str | None],
        address: tuple[str, str, str, str],
        service: str,
        tutor: tuple[str, str, str],
        signatory: tuple[str, str, str],
        **fields: Any,
    ) -> None:
        place = dict(zip(("street", "postal_code", "city", "country"), address, strict=True))
        abroad = {"DE": "+49 421 5550100", "LB": "+961 1 000 100"}
        phone = abroad.get(place["country"], f"+33 2 61 91 20 {len(self.services):02d}")
        organisation = self.record(name, kind, address, phone=phone, is_verified=True, **fields)
        people = [
            Contact.objects.create(
                organisation=organisation,
                first_name=first_name,
                last_name=last_name,
                function=function,
                department=service,
                phone=phone,
                email=f"{fold(last_name)}@{fold(name).replace(' ', '-')}.example",
            )
            for first_name, last_name, function in (tutor, signatory)
        ]
        place_of_stage = Service.objects.create(organisation=organisation, name=service, phone=phone, **place)
        self.services[name] = (place_of_stage, people[0], people[1])

    def agreements(self) -> None:
        """One agreement in each state, moved there by the workflow itself; stages under way and over."""
        self.ended()
        # What was given up comes first: a student is not in two places at once.
        self.given_up()
        self.sent_back()
        self.to_validate()
        self.agreed()
        self.in_languages()
        self.at_risk()

    def ended(self) -> None:
        """Stages that are over, one of them with its certificate; one under way."""
        nathalie = self.managers["Rousseau"]
        with self.days_ago(90):
            over = self.signed("Carlier", LAB, "Kervella", "Stabilité d’un principe actif", 10, nathalie)
        completion.confirm(
            over.pk,
            {
                **completion.planned(self.stored(over)),
                "declared_by": "Paul Grandin",
                "declared_function": "Responsable qualité",
                "declared_on": self.today,
            },
            by=nathalie,
            seen="",
        )
        with self.days_ago(63):
            self.signed("Fabre", HEDGES, "Lemoine", "Sols et haies anciennes", 6, nathalie)
        with self.days_ago(42):
            self.signed("Perrin", HEDGES, "Lemoine", "Carte des haies plantées", 10, nathalie)

    def given_up(self) -> None:
        """One agreement refused, one cancelled, one broken off before the stage."""
        nathalie = self.managers["Rousseau"]
        refused = self.complete("Nguyen", HEDGES, "Kervella", "Tenue du standard", weeks=6)
        self.submit(refused)
        workflow.act(
            refused.pk,
            "refuse",
            by=nathalie,
            comment="Les missions sont celles d’un poste permanent (article L124-7).",
        )

        cancelled = self.complete("Lefèvre", LAB, "Kervella", "Base de données des réactifs", weeks=7)
        self.submit(cancelled)
        workflow.act(cancelled.pk, "cancel", by=cancelled.student.user, comment="J’ai trouvé un autre stage.")

        terminated = self.complete("Ferrand", HEDGES, "Lemoine", "Inventaire des haies", weeks=2, start_in=2)
        self.submit(terminated)
        self.validate(terminated, by=nathalie)
        workflow.act(
            terminated.pk,
            "terminate",
            by=nathalie,
            comment="L’association a cessé son activité le mois dernier.",
            ended_on=terminated.start,
        )

    def sent_back(self) -> None:
        """A draft, and an agreement whose student has two remarks to answer."""
        nathalie = self.managers["Rousseau"]
        self.draft("Marchand", LAB, "Validation d’une méthode de dosage")
        returned = self.complete("Marchand", LAB, "Lemoine", "Suivi qualité des lots en production", weeks=10)
        # She typed her tutor herself, and may correct what she typed.
        own = Contact.objects.create(
            organisation=self.services[LAB][0].organisation,
            first_name="Nadia",
            last_name="Ferhat",
            function="Ingénieure méthodes",
            department="Production",
            phone="+33 2 61 91 20 90",
            email="ferhat@laboratoires-vauquelin.example",
            created_by=returned.student.user,
        )
        drafts.assign(returned, "tutor", own)
        self.submit(returned)
        self.remark(
            returned, "subject", "Le sujet doit dire ce que vous ferez, pas seulement le service.", nathalie
        )
        self.remark(returned, "follow_up", "Indiquez la fréquence des échanges avec M. Lemoine.", nathalie)
        workflow.act(returned.pk, "return", by=nathalie, comment="Deux précisions, puis je valide.")

    def to_validate(self) -> None:
        """Two agreements that a manager weighs."""
        # More hours than the legal week: the manager weighs it.
        submitted = self.complete(
            "Aubert", LAB, "Kervella", "Dosage de traces métalliques dans l’eau", weeks=20, weekly_hours=39
        )
        self.submit(submitted)

        soon = self.complete(
            "Pichon", TOWN, "Lemoine", "Portail d’inscription aux activités municipales", weeks=8, start_in=4
        )
        self.submit(soon)
        self.attachment(soon, Attachment.Kind.CIVIL_LIABILITY)

    def agreed(self) -> None:
        """Agreements validated, then signed by none, by some, by all: an avenant of each."""
        nathalie = self.managers["Rousseau"]
        for name, host, subject, signatures, amend in (
            ("Nguyen", TOWN, "Application mobile de signalement sur la voie publique", 0, self.begin_moving),
            ("Lefèvre", TOWN, "Migration de la messagerie vers un logiciel libre", 2, self.prolong),
            ("Ferrand", LAB, "Automatisation de la chromatographie", 5, self.raise_pay),
        ):
            convention = self.complete(name, host, "Lemoine", subject, weeks=12)
            self.submit(convention)
            self.validate(convention, by=nathalie)
            for party in self.stored(convention).signature_order[:signatures]:
                workflow.act(convention.pk, "sign", by=nathalie, dates={party: self.today})
            amend(convention)

    def prolong(self, convention: Convention) -> None:
        """An avenant that the centre has a question about."""
        nathalie = self.managers["Rousseau"]
        assert convention.end is not None
        prolonged = self.avenant(
            convention,
            AvenantKind.EXTENSION,
            "La reprise des archives demande deux semaines de plus.",
            end=convention.end + timedelta(weeks=2),
        )
        self.remark(convention, "end", "Le tuteur est-il présent ces semaines-là ?", nathalie, prolonged)

    def begin_moving(self, convention: Convention) -> None:
        """An avenant that its student has only begun."""
        avenants.begin(
            convention.pk,
            by=convention.student.user,
            kinds=[AvenantKind.PLACE, AvenantKind.TUTOR],
            reason="Le service déménage.",
        )

    def raise_pay(self, convention: Convention) -> None:
        """An avenant signed by all."""
        nathalie = self.managers["Rousseau"]
        assert convention.amount is not None
        raised = self.avenant(
            convention,
            AvenantKind.GRATIFICATION,
            "L’entreprise a relevé la gratification de ses stagiaires.",
            amount=convention.amount + 1,
        )
        self.validate_avenant(raised, by=nathalie)
        self.sign_avenant(raised, 5, by=nathalie)

    def in_languages(self) -> None:
        """Two agreements abroad, which the teacher approves first; one has an avenant to sign."""
        foreign = self.complete("Diallo", ABROAD, "Garnier", "Traduction de notices techniques", weeks=16)
        self.submit(foreign)
        insurance = self.attachment(foreign, Attachment.Kind.CIVIL_LIABILITY)
        deciding.accept(insurance.pk, by=self.managers["Benali"])
        policy = self.attachment(foreign, Attachment.Kind.ASSISTANCE)
        deciding.refuse(policy.pk, "Le rapatriement n’y est pas écrit.", by=self.managers["Benali"])
        approved = self.complete(
            "Le Goff", ABROAD, "Garnier", "Mémoires de traduction et terminologie", weeks=14
        )
        self.submit(approved)
        workflow.act(approved.pk, "approve", by=self.managers["Garnier"])
        karim = self.managers["Benali"]
        self.validate(approved, by=karim)
        order = self.stored(approved).signature_order
        workflow.act(approved.pk, "sign", by=karim, dates=dict.fromkeys(order, self.today))
        remote = self.avenant(
            approved,
            AvenantKind.HOURS,
            "Le bureau ferme le vendredi.",
            works_remotely=True,
            exceptional_work="Télétravail le vendredi.",
        )
        avenants.act(remote.pk, "approve", by=self.managers["Garnier"])
        self.validate_avenant(remote, by=karim)
        self.sign_avenant(remote, 1, by=karim)

    def at_risk(self) -> None:
        """A stage that waits for the security officer: its student says less than what the university knows."""
        departure = self.complete(
            "Haddad", AT_RISK, "Garnier", "Glossaire du bâtiment en trois langues", weeks=13
        )
        self.submit(departure)
        workflow.act(departure.pk, "approve", by=self.managers["Garnier"])

    def signed(
        self, student: str, host: str, teacher: str, subject: str, weeks: int, manager: User
    ) -> Convention:
        """An agreement that all parties signed on the day it was validated."""
        convention = self.complete(student, host, teacher, subject, weeks=weeks)
        self.submit(convention)
        self.validate(convention, by=manager)
        order = self.stored(convention).signature_order
        workflow.act(convention.pk, "sign", by=manager, dates=dict.fromkeys(order, self.today))
        return convention

    def attachment(self, convention: Convention, kind: Attachment.Kind) -> Attachment:
        """Join the photograph of a certificate, as the student sends it from a telephone."""
        page = Image.new("RGB", (1240, 1754), "white")
        words = f"Assurances du Bocage\n\n{kind.label}\n{convention.student.user}"
        ImageDraw.Draw(page).text((120, 160), words, fill="black", font_size=48)
        photograph = io.BytesIO()
        page.save(photograph, "JPEG")
        return deciding.attach(
            Attachment(
                convention=convention,
                kind=kind,
                valid_from=self.today - timedelta(days=60),
                valid_until=self.today + timedelta(days=305),
            ),
            uploads.clean(ContentFile(photograph.getvalue(), "IMG_2041.jpg")),
            by=convention.student.user,
        )

    def submit(self, convention: Convention) -> None:
        """Submit as the student does, with a reason when the law asks for one: a demo of the end of the year."""
        reason = (
            "Le jury se réunit après ce stage."
            if guards.exceptions(workflow.Request(self.stored(convention), convention.student.user))
            else ""
        )
        workflow.act(convention.pk, "submit", by=convention.student.user, comment=reason)

    def avenant(self, convention: Convention, kind: AvenantKind, reason: str, **changed: Any) -> Avenant:
        """An avenant that its student proposes and submits."""
        student = convention.student.user
        avenant = avenants.begin(convention.pk, by=student, kinds=[kind], reason=reason)
        after = changes.proposed(avenant)
        for name, value in changed.items():
            setattr(after, name, value)
        changes.record(after)
        exception = (
            "Le jury se réunit après ce stage." if guards.exceptions(workflow.Request(after, student)) else ""
        )
        return avenants.act(avenant.pk, "submit", by=student, comment=exception)

    @staticmethod
    def validate_avenant(avenant: Avenant, by: User) -> None:
        reason = (
            "Vu avec l’organisme." if guards.alerts(workflow.Request(changes.proposed(avenant), by)) else ""
        )
        avenants.act(avenant.pk, "validate", by=by, comment=reason)

    def sign_avenant(self, avenant: Avenant, signatures: int, by: User) -> None:
        """Record the first signatures, of today; with the last one it takes effect."""
        order = changes.proposed(avenant).signature_order[:signatures]
        avenants.act(avenant.pk, "sign", by=by, dates=dict.fromkeys(order, self.today))

    def validate(self, convention: Convention, by: User) -> None:
        """Validate as a manager does, with a reason when there is something to weigh."""
        reason = (
            "Vu avec l’organisme et l’enseignant référent."
            if guards.alerts(workflow.Request(self.stored(convention), by))
            else ""
        )
        workflow.act(convention.pk, "validate", by=by, comment=reason)

    @staticmethod
    def stored(convention: Convention) -> Convention:
        return Convention.objects.for_detail().get(pk=convention.pk)

    def draft(self, student: str, host: str, subject: str) -> Convention:
        """A draft left halfway: who and where are known, the content is not."""
        convention = drafts.create(self.students[student], by=self.students[student].user)
        service, _tutor, _signatory = self.services[host]
        convention.organisation = service.organisation
        convention.enrolment = self.enrolment(student)
        convention.centre = convention.enrolment.programme.managing_centre
        convention.stage_type = term(Term.Kind.STAGE_TYPE, "obligatoire")
        convention.subject = subject
        convention.refresh_search_key()
        convention.save()
        return convention

    def complete(
        self,
        student: str,
        host: str,
        teacher: str,
        subject: str,
        *,
        weeks: int,
        start_in: int | None = None,
        weekly_hours: int = 35,
    ) -> Convention:
        """An agreement with every step filled, ``weeks`` long from a Monday of the coming weeks, or sooner."""
        convention = self.draft(student, host, subject)
        service, tutor, signatory = self.services[host]
        monday = 14 - self.today.weekday() + 7 * (weeks % 5)
        start = self.today + timedelta(days=monday if start_in is None else start_in)
        abroad = service.is_abroad
        values: dict[str, Any] = {
            "insured_status": term(Term.Kind.INSURED_STATUS, "etudiant"),
            "health_fund": HealthInsuranceFund.objects.get(name__endswith="du Calvados"),
            "service": service,
            "tutor": tutor,
            "signatory": signatory,
            "teacher": self.teachers[teacher],
            "theme": term(
                Term.Kind.THEME, "langues" if abroad else "informatique" if weeks == 12 else "chimie"
            ),
            "missions": "Participer aux travaux de l’équipe, tenir un cahier de bord, présenter les résultats "
            "chaque mois et rédiger une synthèse utile au service.",
            "skills": "Conduire un projet de bout en bout, appliquer les méthodes vues en cours, rendre compte par écrit.",
            "start": start,
            "end": start + timedelta(weeks=weeks, days=-3),
            "weekly_hours": Decimal(weekly_hours),
            "leave_terms": "Un jour de congé par mois, à prendre en accord avec le tuteur ; absence le jour des examens.",
            "is_paid": weeks >= 8,
            "benefits": "Restaurant d’entreprise au tarif des salariés ; la moitié de l’abonnement de transport.",
            "origin": term(Term.Kind.ORIGIN, "candidature"),
            "follow_up": "Un appel toutes les trois semaines, une visite à mi-parcours.",
            "work_nature": term(Term.Kind.WORK_NATURE, "rapport"),
            "validation_mode": term(Term.Kind.VALIDATION_MODE, "rapport_soutenance"),
        }
        if values["is_paid"]:
            values |= self.pay(values["start"].year, values["end"].year)
        if abroad:
            values |= {
                "has_information_sheet": True,
                "has_assistance_policy": True,
                "travel_zone": Zone.GREEN if host == ABROAD else Zone.YELLOW,
            }
        for name, value in values.items():
            setattr(convention, name, value)
        convention.save()
        drafts.refresh_hours(convention)
        return convention

    def pay(self, first_year: int, last_year: int) -> dict[str, Any]:
        """Return the least gratification, by the hour, of a stage between two years."""
        return {
            "amount": self.least_amount(first_year, last_year),
            "amount_unit": Convention.AmountUnit.HOUR,
            "currency": term(Term.Kind.CURRENCY, "EUR"),
            "payment_mode": term(Term.Kind.PAYMENT_MODE, "virement"),
            "payment_frequency": Convention.PaymentFrequency.MONTHLY,
        }

    def least_amount(self, *years: int) -> Decimal:
        """Return the legal minimum of an hour, all that a public body may pay; the highest of several years."""
        found = [legality.amounts().minimum(year, self.today) for year in years]
        return max(amount for amount in found if amount).quantize(CENT, ROUND_UP)

    @staticmethod
    def remark(
        convention: Convention, field: str, text: str, author: User, avenant: Avenant | None = None
    ) -> None:
        Remark.objects.create(convention=convention, avenant=avenant, field=field, text=text, author=author)
