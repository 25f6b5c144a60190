"""One believable row of each model; whatever a test does not name is filled in, in one same university."""

import hashlib
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

import factory
from django.contrib.auth.hashers import make_password
from django.core.files.base import ContentFile
from django.utils import timezone
from factory.django import DjangoModelFactory
from stdnum import luhn

from accounts.models import Institution, Message, Student, User
from conventions.calendar import Territory, public_holidays
from conventions.models import Attachment, Convention, HealthInsuranceFund, HourlyCeiling, Term
from conventions.writing import drafts
from organisations.models import (
    Centre,
    Commune,
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

PASSWORD = "sous le pont coule la rivière"


@cache
def hashed_password() -> str:
    """Hash once: it is slow on purpose."""
    return make_password(PASSWORD)


def siret(number: int) -> str:
    """Return a valid SIRET for a small number: SIREN and SIRET both pass Luhn's sum."""
    siren = f"{90000000 + number:08d}"
    siren += luhn.calc_check_digit(siren)
    establishment = siren + "0001"
    return establishment + luhn.calc_check_digit(establishment)


def next_siret(siren):
    """Return another establishment of a legal entity."""
    return siren + "0002" + luhn.calc_check_digit(siren + "0002")


def next_stage() -> tuple[date, date]:
    """Return eight weeks, Monday to Friday, three weeks from now or later: the first that nothing interrupts.

    No public holiday, no change of academic year (31 August): its hours are the same whatever the day of the tests.
    """
    today = timezone.localdate()
    start = today + timedelta(days=21 - today.weekday())
    while interrupted(start, end := start + timedelta(weeks=8, days=-3)):
        start += timedelta(weeks=1)
    return start, end


def interrupted(start: date, end: date) -> bool:
    """Tell whether a public holiday of metropolitan France or the end of an academic year comes from start to end."""
    years = range(start.year, end.year + 1)
    stops = [day for year in years for day in public_holidays(year, Territory.METROPOLITAN)]
    return any(start <= day <= end for day in [*stops, *(date(year, 8, 31) for year in years)])


class InstitutionFactory(DjangoModelFactory):
    class Meta:
        model = Institution
        django_get_or_create = ["name"]

    name = "Université de Valmont"
    short_name = "Valmont"
    street = "1 place de la Halle"
    postal_code = "14000"
    city = "Caen"
    phone = "02 61 91 00 01"
    email = "stages@valmont.example"
    support_email = "aide@valmont.example"
    legal_representative = "Solange Maréchal"
    legal_representative_title = "Présidente"


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User

    institution = factory.SubFactory(InstitutionFactory)
    email = factory.Sequence(lambda n: f"personne{n}@valmont.example")
    first_name = "Camille"
    last_name = factory.Sequence(lambda n: f"Durand {n}")
    password = factory.LazyFunction(hashed_password)


class AdminFactory(UserFactory):
    is_staff = True
    is_superuser = True


class StudentFactory(DjangoModelFactory):
    class Meta:
        model = Student

    user = factory.SubFactory(UserFactory)
    institution = factory.SelfAttribute("user.institution")
    number = factory.Sequence(lambda n: f"22{n:06d}")
    birth_date = date(2004, 5, 17)
    phone = "02 61 91 00 06"
    personal_email = factory.Sequence(lambda n: f"perso{n}@courriel.example")
    street = "12 rue des Lilas"
    postal_code = "14000"
    city = "Caen"


class CentreFactory(DjangoModelFactory):
    class Meta:
        model = Centre

    institution = factory.SubFactory(InstitutionFactory)
    name = factory.Sequence(lambda n: f"Centre de gestion {n}")
    mailbox = factory.Sequence(lambda n: f"centre{n}@valmont.example")
    phone = "02 61 91 00 02"
    instructions = "Joignez votre attestation de responsabilité civile."
    signatory_name = "Hélène Vasseur"
    signatory_title = "Directrice de l’UFR"


class UfrFactory(DjangoModelFactory):
    class Meta:
        model = Ufr

    institution = factory.SelfAttribute("centre.institution")
    centre = factory.SubFactory(CentreFactory)
    code = factory.Sequence(lambda n: f"U{n}")
    name = factory.Sequence(lambda n: f"UFR des sciences {n}")


class ProgrammeFactory(DjangoModelFactory):
    class Meta:
        model = Programme

    ufr = factory.SubFactory(UfrFactory)
    institution = factory.SelfAttribute("ufr.institution")
    code = factory.Sequence(lambda n: f"M1BIO{n}")
    version = "26"
    label = factory.Sequence(lambda n: f"Master 1 Biologie, parcours {n}")
    level = Programme.Level.M1
    teaching_hours = 420
    presence_hours = 380


class EnrolmentFactory(DjangoModelFactory):
    class Meta:
        model = Enrolment

    student = factory.SubFactory(StudentFactory)
    programme = factory.SubFactory(ProgrammeFactory)
    academic_year = factory.LazyAttribute(
        lambda enrolment: enrolment.programme.institution.academic_year(next_stage()[0])
    )


class ManagerFactory(DjangoModelFactory):
    class Meta:
        model = Manager

    user = factory.SubFactory(UserFactory, first_name="Maud")
    centre = factory.SubFactory(CentreFactory)


class TeacherFactory(DjangoModelFactory):
    class Meta:
        model = Teacher

    user = factory.SubFactory(UserFactory, first_name="Théo")
    ufr = factory.SubFactory(UfrFactory)
    position = "Maître de conférences"
    phone = "02 61 91 00 03"
    office = "B 214"


class SecurityOfficerFactory(DjangoModelFactory):
    class Meta:
        model = SecurityOfficer

    user = factory.SubFactory(UserFactory, first_name="Odile")
    institution = factory.SubFactory(InstitutionFactory)


class DestinationFactory(DjangoModelFactory):
    """What the university read today of the country of a host abroad."""

    class Meta:
        model = Destination
        django_get_or_create = ["institution", "country", "region"]

    institution = factory.SubFactory(InstitutionFactory)
    country = "SE"
    region = ""
    level = RiskLevel.GREEN
    source = "Conseils aux voyageurs"
    source_url = "https://www.diplomatie.gouv.fr/fr/conseils-aux-voyageurs/"
    checked_on = factory.LazyFunction(timezone.localdate)


class LegalFormFactory(DjangoModelFactory):
    class Meta:
        model = LegalForm
        django_get_or_create = ["code"]

    code = "57"
    label = "Société par actions simplifiée"


class HeadcountBandFactory(DjangoModelFactory):
    class Meta:
        model = HeadcountBand
        django_get_or_create = ["code"]

    code = "12"
    label = "20 à 49 salariés"
    minimum = 20
    maximum = 49


class NafCodeFactory(DjangoModelFactory):
    class Meta:
        model = NafCode
        django_get_or_create = ["version", "code"]

    version = NafCode.Version.REV2
    code = "72.19Z"
    label = "Recherche-développement en autres sciences physiques et naturelles"
    section = "M"


class CommuneFactory(DjangoModelFactory):
    class Meta:
        model = Commune
        django_get_or_create = ["postal_code", "name"]

    postal_code = "14000"
    name = "Caen"


class OrganisationFactory(DjangoModelFactory):
    class Meta:
        model = Organisation

    name = factory.Sequence(lambda n: f"Laboratoires Brécourt {n}")
    siret = factory.Sequence(siret)
    legal_form = factory.SubFactory(LegalFormFactory)
    naf_code = factory.SubFactory(NafCodeFactory)
    activity = "Analyses biologiques"
    headcount_band = factory.SubFactory(HeadcountBandFactory)
    street = "4 quai des Abeilles"
    postal_code = "76600"
    city = "Le Havre"
    phone = "02 61 91 00 04"
    email = "contact@brecourt.example"

    class Params:
        abroad = factory.Trait(
            name=factory.Sequence(lambda n: f"Lindqvist Forskning {n}"),
            siret=None,
            siret_exemption=Organisation.SiretExemption.ABROAD,
            street="Storgatan 8",
            postal_code="411 24",
            city="Göteborg",
            country="SE",
            naf_code=None,
            phone="+46 31 701 00 00",
        )


class ServiceFactory(DjangoModelFactory):
    class Meta:
        model = Service

    organisation = factory.SubFactory(OrganisationFactory)
    name = "Laboratoire de microbiologie"
    street = factory.SelfAttribute("organisation.street")
    postal_code = factory.SelfAttribute("organisation.postal_code")
    city = factory.SelfAttribute("organisation.city")
    country = factory.SelfAttribute("organisation.country")


class ContactFactory(DjangoModelFactory):
    class Meta:
        model = Contact

    organisation = factory.SubFactory(OrganisationFactory)
    civility = Contact.Civility.MADAM
    first_name = "Irène"
    last_name = factory.Sequence(lambda n: f"Lemoine {n}")
    function = "Responsable de laboratoire"
    phone = "02 61 91 00 05"
    email = factory.Sequence(lambda n: f"contact{n}@brecourt.example")


class TermFactory(DjangoModelFactory):
    class Meta:
        model = Term
        django_get_or_create = ["kind", "code"]

    kind = Term.Kind.THEME
    code = "usual"
    label = factory.LazyAttribute(lambda term: f"{Term.Kind(term.kind).label}, cas courant")


class HealthInsuranceFundFactory(DjangoModelFactory):
    class Meta:
        model = HealthInsuranceFund
        django_get_or_create = ["name"]

    region = "Normandie"
    name = "CPAM du Calvados"
    address = "108 boulevard Jean Moulin, 14000 Caen"


class HourlyCeilingFactory(DjangoModelFactory):
    class Meta:
        model = HourlyCeiling
        django_get_or_create = ["year"]

    year = 2026
    amount = 30
    source = "Arrêté du 22 décembre 2025"


class ConventionFactory(DjangoModelFactory):
    """A draft just begun; with ``complete=True``, every step filled and ready to be submitted."""

    class Meta:
        model = Convention

    student = factory.SubFactory(StudentFactory)
    institution = factory.SelfAttribute("student.institution")
    created_by = factory.SelfAttribute("student.user")
    search_key = ""

    class Params:
        complete = factory.Trait(
            student_street="12 rue des Lilas",
            student_postal_code="14000",
            student_city="Caen",
            student_phone="02 61 91 00 06",
            student_personal_email="perso@courriel.example",
            insured_status=factory.SubFactory(TermFactory, kind=Term.Kind.INSURED_STATUS),
            health_fund=factory.SubFactory(HealthInsuranceFundFactory),
            enrolment=factory.SubFactory(EnrolmentFactory, student=factory.SelfAttribute("..student")),
            centre=factory.SelfAttribute("enrolment.programme.managing_centre"),
            stage_type=factory.SubFactory(TermFactory, kind=Term.Kind.STAGE_TYPE),
            organisation=factory.SubFactory(OrganisationFactory),
            service=factory.SubFactory(ServiceFactory, organisation=factory.SelfAttribute("..organisation")),
            tutor=factory.SubFactory(ContactFactory, organisation=factory.SelfAttribute("..organisation")),
            signatory=factory.SubFactory(
                ContactFactory,
                organisation=factory.SelfAttribute("..organisation"),
                first_name="Paul",
                civility=Contact.Civility.SIR,
                function="Directeur général",
            ),
            theme=factory.SubFactory(TermFactory, kind=Term.Kind.THEME),
            subject="Étude de souches bactériennes résistantes",
            missions="Préparer des cultures, mesurer leur croissance et rédiger un rapport de synthèse.",
            skills="Conduire un protocole de microbiologie et analyser des résultats.",
            start=factory.LazyFunction(lambda: next_stage()[0]),
            end=factory.LazyFunction(lambda: next_stage()[1]),
            weekly_hours=Decimal(35),
            working_days=[0, 1, 2, 3, 4],
            is_paid=True,
            amount=Decimal("4.50"),
            amount_unit=Convention.AmountUnit.HOUR,
            currency=factory.SubFactory(TermFactory, kind=Term.Kind.CURRENCY, code="EUR", label="Euro"),
            payment_mode=factory.SubFactory(TermFactory, kind=Term.Kind.PAYMENT_MODE),
            payment_frequency=Convention.PaymentFrequency.MONTHLY,
            has_information_sheet=True,
            has_assistance_policy=True,
            travel_zone=Convention.TravelZone.GREEN,
            benefits="Restaurant d’entreprise au tarif des salariés.",
            origin=factory.SubFactory(TermFactory, kind=Term.Kind.ORIGIN),
            follow_up="Un appel chaque mois et une visite à mi-parcours.",
            work_nature=factory.SubFactory(TermFactory, kind=Term.Kind.WORK_NATURE),
            validation_mode=factory.SubFactory(TermFactory, kind=Term.Kind.VALIDATION_MODE),
            teacher=factory.SubFactory(
                TeacherFactory, ufr=factory.SelfAttribute("..enrolment.programme.ufr")
            ),
        )

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        convention = model_class(*args, **kwargs)
        convention.refresh_search_key()
        convention.save(force_insert=True)
        if convention.start and convention.hours_computed is None:
            drafts.refresh_hours(convention)
        return convention


class AttachmentFactory(DjangoModelFactory):
    """A certificate of civil liability that covers the stage of its agreement, not decided on."""

    class Meta:
        model = Attachment

    class Params:
        content = b"%PDF-1.7"

    convention = factory.SubFactory(ConventionFactory, complete=True)
    kind = Attachment.Kind.CIVIL_LIABILITY
    file = factory.LazyAttribute(lambda paper: ContentFile(paper.content, "piece.pdf"))
    name = "attestation.pdf"
    content_type = "application/pdf"
    size = factory.LazyAttribute(lambda paper: len(paper.content))
    sha256 = factory.LazyAttribute(lambda paper: hashlib.sha256(paper.content).hexdigest())
    valid_from = factory.SelfAttribute("convention.start")
    valid_until = factory.SelfAttribute("convention.end")
    uploaded_by = factory.SelfAttribute("convention.student.user")


class MessageFactory(DjangoModelFactory):
    class Meta:
        model = Message

    institution = factory.SubFactory(InstitutionFactory)
    key = factory.Sequence(lambda n: f"event/{n}")
    recipient = factory.Sequence(lambda n: f"personne{n}@valmont.example")
    sender = "Conventions de stage <stages@valmont.example>"
    subject = "Votre convention est validée"
    text = "Bonjour,\n\nVotre convention est validée.\n"
