"""A believable agreement in memory, never saved: what the printed document is tested and measured on."""

from datetime import UTC, date, datetime
from decimal import Decimal

from accounts.models import Institution, Student, User
from conventions.models import Convention, HealthInsuranceFund, Term
from organisations.models import (
    Centre,
    Contact,
    Enrolment,
    HeadcountBand,
    LegalForm,
    NafCode,
    Organisation,
    Programme,
    Service,
    Teacher,
    Ufr,
)

MISSIONS = """Étudier la demande de mobilité sur trois lignes de la métropole à partir des données de validation.
Construire un modèle de prévision par arrêt et par tranche horaire, le comparer au modèle en place.
Rédiger la documentation du modèle et présenter les résultats à l’équipe d’exploitation."""
SKILLS = """Nettoyer et croiser des jeux de données de plusieurs millions de lignes.
Choisir, ajuster et valider un modèle de séries temporelles ; en expliquer les limites à des non-spécialistes."""


def specimen(**changes):
    """Return an unsaved agreement, complete and validated; ``changes`` replace its columns."""
    institution = Institution(
        name="Université de la Côte de Nacre",
        short_name="UCN",
        street="Esplanade de la Paix",
        postal_code="14032",
        city="Caen Cedex 5",
        phone="02 31 00 00 00",
        email="contact@ucn.example",
        legal_representative="Hélène Duval",
        legal_representative_title="présidente de l’université",
    )
    centre = Centre(
        institution=institution,
        name="Bureau des stages de l’UFR des sciences",
        mailbox="stages.sciences@ucn.example",
        phone="02 31 00 00 10",
        address="Campus 2, bâtiment S3\nBoulevard du Maréchal-Juin\n14000 Caen",
        signatory_name="Philippe Lemoine",
        signatory_title="directeur de l’UFR des sciences",
    )
    ufr = Ufr(institution=institution, code="SCI", name="UFR des sciences", centre=centre)
    programme = Programme(
        institution=institution,
        ufr=ufr,
        code="MASD2",
        version="120",
        label="Master 2 Mathématiques appliquées, statistique et science des données",
        level="M2",
        teaching_hours=420,
        presence_hours=380,
    )
    user = User(first_name="Anaïs", last_name="Le Guennec", email="anais.le-guennec@etu.ucn.example")
    student = Student(user=user, institution=institution, number="22104587", birth_date=date(2003, 5, 17))
    host = Organisation(
        name="Twisto Mobilités du Calvados",
        siret="73282932000074",
        legal_form=LegalForm(code="57", label="Société par actions simplifiée"),
        naf_code=NafCode(code="49.31Z", label="Transports urbains et suburbains de voyageurs"),
        headcount_band=HeadcountBand(code="32", label="250 à 499 salariés"),
        street="15 rue de Geôle",
        postal_code="14000",
        city="Caen",
        phone="02 31 15 55 55",
        email="accueil@twisto.example",
    )
    service = Service(
        organisation=host,
        name="Direction de l’exploitation, pôle données",
        street="8 avenue du Pays-de-Caen",
        postal_code="14460",
        city="Colombelles",
    )
    tutor = Contact(
        organisation=host,
        civility="m",
        first_name="Karim",
        last_name="Benali",
        function="Responsable du pôle données",
        phone="02 31 15 55 61",
        email="karim.benali@twisto.example",
    )
    signatory = Contact(
        organisation=host,
        civility="mme",
        first_name="Sophie",
        last_name="Marchand",
        function="Directrice des ressources humaines",
        phone="02 31 15 55 20",
        email="sophie.marchand@twisto.example",
    )
    teacher = Teacher(
        user=User(first_name="Étienne", last_name="Rousseau", email="etienne.rousseau@ucn.example"),
        ufr=ufr,
        position="Maître de conférences",
        phone="02 31 00 00 45",
        office="S3-214",
    )
    values = {
        "institution": institution,
        "number": "2026-000123",
        "status": "validated",
        "validated_at": datetime(2026, 1, 12, 9, 30, tzinfo=UTC),
        "student": student,
        "student_street": "22 rue des Jacobins",
        "student_address_extra": "Résidence Les Tilleuls, appartement 14",
        "student_postal_code": "14000",
        "student_city": "Caen",
        "student_phone": "06 00 00 00 12",
        "student_personal_email": "anais.leguennec@courriel.example",
        "insured_status": Term(kind="insured_status", label="Étudiant"),
        "health_fund": HealthInsuranceFund(
            name="Caisse primaire d’assurance maladie (CPAM) du Calvados", address="14031 Caen Cedex 4"
        ),
        "centre": centre,
        "enrolment": Enrolment(student=student, programme=programme, academic_year=2025),
        "stage_type": Term(kind="stage_type", label="Obligatoire"),
        "organisation": host,
        "service": service,
        "tutor": tutor,
        "signatory": signatory,
        "teacher": teacher,
        "theme": Term(kind="theme", label="Mathématiques et statistique"),
        "subject": "Prévision de la fréquentation du tramway par arrêt et par tranche horaire",
        "missions": MISSIONS,
        "skills": SKILLS,
        "start": date(2026, 2, 2),
        "end": date(2026, 7, 31),
        "weekly_hours": Decimal("35.00"),
        "working_days": [0, 1, 2, 3, 4],
        "schedule_comment": "De 9 h à 12 h 30 et de 13 h 30 à 17 h.",
        "hours_computed": Decimal("868.00"),
        "leave_days": Decimal("5.0"),
        "leave_terms": "Cinq jours, à prendre en accord avec le tuteur ; deux jours de retour pour la soutenance.",
        "is_paid": True,
        "amount": Decimal("4.50"),
        "amount_unit": "hour",
        "currency": Term(kind="currency", code="EUR", label="Euro"),
        "payment_mode": Term(kind="payment_mode", label="Virement bancaire"),
        "payment_frequency": "monthly",
        "benefits": "Restaurant d’entreprise ; remboursement de la moitié de l’abonnement de transport.",
        "origin": Term(kind="origin", label="Réponse à une offre"),
        "follow_up": "Un point par visioconférence chaque mois ; une visite sur place en avril.",
        "work_nature": Term(kind="work_nature", label="Rapport et soutenance"),
        "validation_mode": Term(kind="validation_mode", label="Note comptant dans la moyenne"),
        "ects": Decimal("24.0"),
        "internal_rules": "Badge obligatoire ; charte informatique remise le premier jour.",
        "signature_order": ["student", "tutor", "host", "teacher", "university"],
        "copies": 3,
    }
    convention = Convention(**{**values, **changes})
    convention.load_terms = lambda: None  # its list values are already here
    return convention


def abroad(**changes):
    """Return an agreement with a host in Germany."""
    base = specimen()
    host = Organisation(
        name="Institut für Verkehrsforschung Berlin gGmbH",
        siret_exemption="abroad",
        local_identifier="DE 812 345 678",
        legal_form=LegalForm(code="31", label="Personne morale de droit étranger"),
        headcount_band=base.organisation.headcount_band,
        street="Rudower Chaussee 7",
        postal_code="12489",
        city="Berlin",
        country="DE",
        phone="+49 30 000000",
        email="kontakt@verkehr.example",
    )
    service = Service(
        organisation=host,
        name="Abteilung Modellierung",
        street="Rudower Chaussee 7",
        postal_code="12489",
        city="Berlin",
        country="DE",
    )
    values = {
        "organisation": host,
        "service": service,
        "amount": Decimal("900"),
        "amount_unit": "month",
        "copies": 4,
        "language": "en",
    }
    return specimen(**{**values, **changes})


def public(**changes):
    """Return an agreement with a town council, over two civil years."""
    host = Organisation(
        name="Commune de Hérouville-Saint-Clair",
        siret="21140327700014",
        legal_form=LegalForm(code="72", label="Collectivité territoriale", is_public_law=True),
        headcount_band=HeadcountBand(code="32", label="250 à 499 salariés"),
        street="11 place François-Mitterrand",
        postal_code="14200",
        city="Hérouville-Saint-Clair",
        phone="02 31 00 00 70",
    )
    values = {
        "organisation": host,
        "start": date(2025, 12, 1),
        "end": date(2026, 2, 15),
        "hours_computed": Decimal("371"),
    }
    return specimen(**{**values, **changes})


def short(**changes):
    """Return a short agreement without pay, signed by a minor, without what is optional."""
    base = specimen()
    base.student.birth_date = date(2009, 3, 2)
    values = {
        "student": base.student,
        "student_address_extra": "",
        "start": date(2026, 6, 1),
        "end": date(2026, 6, 26),
        "hours_computed": Decimal("133"),
        "is_paid": False,
        "amount": None,
        "amount_unit": "",
        "currency": None,
        "payment_mode": None,
        "benefits": "Néant",
        "leave_days": None,
        "leave_terms": "",
        "internal_rules": "",
        "schedule_comment": "",
        "ects": None,
    }
    return specimen(**{**values, **changes})
