"""What the short documents say: avenant, attestation de stage, information sheet for abroad, summary."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.utils.text import capfirst

from conventions.documents.choices import currency, kind_of_avenant
from conventions.documents.context import Context
from conventions.documents.reading import (
    Change,
    civil_rows,
    compare,
    insurance,
    long_date,
    money_text,
    number,
    payments_text,
    presence,
    sections,
    short_date,
    span,
    usual_day,
    weekly,
    worded,
)
from conventions.documents.sheets import BoundParty, Box, Entry, Part, Sheet, say
from conventions.law.abroad import CARD_COUNTRIES
from conventions.law.case import is_minor
from conventions.models import Convention
from organisations.models import Party as Signs


def avenant(context: Context) -> Sheet:
    """The change, its effects on hours and pay, and the boxes of the parties that signed the agreement."""
    decided, before, after = context["avenant"], worded(context["before"]), worded(context["after"])
    changes, other = compare(before, after), decided["other"]
    rank = decided["number"].rpartition("/")[2]
    parts = [
        _purpose(decided, before),
        _what_changes(changes) if changes else None,
        _amended_terms(after, unit=context["after"]["gratification"]["unit"]["code"]),
        Part(say("Clause ajoutée", "Added clause"), texts=[other]) if other else None,
        _what_stands(),
    ]
    return Sheet(
        title=say(
            f"Avenant {rank} à la convention de stage", f"Amendment {rank} to the internship agreement"
        ),
        note=say(
            "Conclu en application de l’article 9 de la convention et des articles L124-1 à L124-20 du code de "
            "l’éducation, entre les parties qui l’ont signée.",
            "Made under article 9 of the agreement and articles L124-1 to L124-20 of the French Education Code, "
            "between the parties that signed it.",
        ),
        parts=[part for part in parts if part],
        parties=_parties(before),
        boxes=_boxes_of_circuit(before, decided["validated_on"]),
        signing=say(
            "Les parties à la convention signent, dans l’ordre des numéros : ceux qui l’ont signée, même si l’avenant "
            "les remplace.",
            "The parties to the agreement sign, in the order of the numbers: those who signed it, even if the "
            "amendment replaces them.",
        ),
    )


def _purpose(decided: Context, before: Context) -> Part:
    effective = (
        say("le %s", "on %s") % long_date(decided["effective_on"])
        if decided["effective_on"]
        else say("à la dernière signature", "at the last signature")
    )
    return Part(
        say("L’objet de l’avenant", "Purpose of the amendment"),
        lines=_filled(
            Entry(say("Convention", "Agreement"), _reference(before)),
            Entry(say("Objet", "Purpose"), ", ".join(map(kind_of_avenant, decided["kinds"]))),
            Entry(say("Raison", "Reason"), decided["reason"]),
            Entry(say("Prend effet", "Takes effect"), effective),
        ),
    )


def _amended_terms(after: Context, *, unit: str) -> Part:
    stage = after["stage"]
    return Part(
        say("Durée et gratification, avenant compris", "Duration and allowance, amendment included"),
        lines=_filled(
            Entry(say("Dates du stage", "Dates"), capfirst(span(stage["start"], stage["end"]))),
            Entry(say("Présence effective", "Actual presence"), presence(stage)),
            Entry(say("Gratification", "Allowance"), money_text(after["gratification"])),
            Entry(say("Pour tout le stage", "For the whole internship"), _whole_pay(after, unit)),
        ),
        texts=[
            say(
                "Sept heures de présence comptent pour un jour, vingt-deux jours pour un mois (article D124-6 "
                "du code de l’éducation).",
                "Seven hours of presence make one day, twenty-two days one month (article D124-6 of the French "
                "Education Code).",
            )
        ],
    )


def _what_stands() -> Part:
    return Part(
        say("Ce qui ne change pas", "What does not change"),
        texts=[
            say(
                "Toutes les autres clauses de la convention, et des avenants déjà en vigueur, demeurent. Cet "
                "avenant en fait partie dès qu’il prend effet.",
                "All other clauses of the agreement, and of the amendments already in force, stand. This "
                "amendment becomes part of it when it takes effect. Only the French text binds the parties.",
            )
        ],
    )


def _boxes_of_circuit(agreement: Context, validated_on: str | None) -> list[Box]:
    """Return where those who sign an agreement sign an avenant, in its order."""
    still_minor = _is_still_minor(agreement["student"], validated_on)
    return [
        Box(
            f"{place}. {signer['label']}",
            signer["name"],
            signer["quality"],
            to_sign(signer["party"], is_minor=still_minor),
        )
        for place, signer in enumerate(agreement["circuit"], start=1)
    ]


def _is_still_minor(student: Context, on: str | None) -> bool:
    """Whether a trainee who signed an agreement as a minor signs what follows as one."""
    if not student["is_minor"] or not on or not student["birth_date"]:
        return bool(student["is_minor"])
    return is_minor(date.fromisoformat(student["birth_date"]), date.fromisoformat(on))


def certificate(context: Context) -> Sheet:
    """The certificate that the host gives at the end of the stage (article D124-9; annex of the 2014 order)."""
    done, agreement = context["certificate"], worded(context["agreement"])
    return Sheet(
        title=say("Attestation de stage", "Internship certificate"),
        note=say(
            "Remise au stagiaire par l’organisme d’accueil à la fin du stage (article D124-9 du code de l’éducation).",
            "Given to the trainee by the host organisation at the end of the internship (article D124-9 of the "
            "French Education Code).",
        ),
        parts=[_host(agreement["organisation"]), _trainee(agreement), _what_was_done(done)],
        boxes=[_box_of_host(agreement["signatory"])],
    )


def _host(host: Context) -> Part:
    return Part(
        say("L’organisme d’accueil", "The host organisation"),
        lines=_filled(
            Entry(say("Nom", "Name"), host["name"]),
            Entry(say("Adresse", "Address"), ", ".join(host["address"])),
            Entry(say("Téléphone", "Telephone"), host["phone"]),
        ),
    )


def _trainee(agreement: Context) -> Part:
    student, programme, university = agreement["student"], agreement["programme"], agreement["university"]
    return Part(
        say("certifie que", "certifies that"),
        lines=_filled(
            Entry(say("Nom et prénom", "Name"), f"{student['last_name']} {student['first_name']}"),
            *(Entry(row.label, row.value) for row in civil_rows(student)),
            Entry(say("Date de naissance", "Date of birth"), short_date(student["birth_date"])),
            Entry(say("Adresse", "Address"), ", ".join(student["address"])),
            Entry(say("Téléphone", "Telephone"), student["phone"]),
            Entry(
                say("Adresse électronique", "E-mail"),
                _joined(", ", student["email"], student["personal_email"]),
            ),
            Entry(
                say("Étudiant en", "Student in"),
                _joined(", ", programme["label"], programme["academic_year"]),
            ),
            Entry(say("Au sein de", "At"), _joined(", ", university["name"], university["ufr"])),
        ),
    )


def _what_was_done(done: Context) -> Part:
    return Part(
        say(
            "a effectué un stage prévu dans le cadre de ses études",
            "has completed an internship that is part of these studies",
        ),
        lines=[
            Entry(
                say("Dates", "Dates"),
                say("Du %(start)s au %(end)s", "From %(start)s to %(end)s")
                % {"start": long_date(done["start"]), "end": long_date(done["end"])},
            ),
            Entry(say("Durée effective totale", "Total actual duration"), _duration(done)),
            Entry(say("Gratification versée", "Allowance paid"), _paid(done)),
        ],
        texts=[*_how_it_counts(), _declared(done), *_replaced(done)],
    )


def _how_it_counts() -> list[str]:
    return [
        say(
            "La durée compte la présence effective du stagiaire dans l’organisme et ses congés et "
            "autorisations d’absence (articles L124-18 et L124-13 du code de l’éducation). Sept heures de "
            "présence, consécutives ou non, valent un jour ; vingt-deux jours, consécutifs ou non, valent "
            "un mois (article D124-6).",
            "The duration counts the trainee’s actual presence in the organisation, leave and authorised "
            "absences (articles L124-18 and L124-13 of the French Education Code). Seven hours of "
            "presence, consecutive or not, make one day; twenty-two days, consecutive or not, make one "
            "month (article D124-6).",
        ),
        say(
            "Retraite : dans les deux ans qui suivent la fin d’un stage gratifié en application de "
            "l’article L124-6, l’étudiant peut demander, contre une cotisation, qu’il soit pris en compte "
            "dans la limite de deux trimestres. Il joint cette attestation à sa demande (article L351-17 "
            "du code de la sécurité sociale).",
            "Pension: within two years after the end of an internship paid under article L124-6, the "
            "student may ask, against a contribution, that it count for up to two quarters, and encloses "
            "this certificate (article L351-17 of the French Social Security Code).",
        ),
    ]


def _box_of_host(signatory: Context) -> Box:
    return Box(
        say("Pour l’organisme d’accueil", "For the host organisation"),
        signatory["name"],
        signatory["function"],
        say(
            "Fait à …………………………, le ……………………\nNom et fonction, s’ils sont autres :\nSignature et cachet de "
            "l’organisme",
            "Place …………………………, date ……………………\nName and function, if different:\nSignature and stamp of "
            "the organisation",
        ),
    )


def information_sheet(context: Context) -> Sheet:
    """What the trainee's rights and duties are in the host country (article L124-20).

    The university does not know the law of each country: what only the host knows is left as a box to fill.
    """
    agreement = worded(context["agreement"])
    return Sheet(
        title=say("Fiche d’information : stage à l’étranger", "Information sheet: internship abroad"),
        note=say(
            "Annexée à la convention (article L124-20 du code de l’éducation), elle présente les droits et les devoirs "
            "du stagiaire dans le pays d’accueil. L’université ne connaît pas le droit de chaque pays : l’organisme "
            "d’accueil remplit les cases vides, puis le stagiaire lit la fiche et la signe avant de partir.",
            "Annexed to the agreement (article L124-20 of the French Education Code), it sets out the trainee’s rights "
            "and duties in the host country. The university does not know the law of each country: the host fills the "
            "empty boxes, then the trainee reads and signs the sheet before leaving.",
        ),
        parts=[
            _stage(agreement),
            _entry(agreement["abroad"]),
            _working_time(agreement["stage"]),
            _status(agreement["gratification"]),
            _health(agreement, context["country"]),
            _rights_and_duties(agreement),
        ],
        boxes=_boxes_of_sheet(agreement),
    )


def _stage(agreement: Context) -> Part:
    stage, student = agreement["stage"], agreement["student"]
    host, service = agreement["organisation"], agreement["service"]
    return Part(
        say("Le stage", "The internship"),
        lines=_filled(
            Entry(say("Stagiaire", "Trainee"), f"{student['first_name']} {student['last_name']}"),
            Entry(say("Pays", "Country"), service["country"]),
            Entry(say("Organisme d’accueil", "Host organisation"), host["name"]),
            Entry(
                say("Lieu du stage", "Place"),
                "\n".join(filter(None, [service["name"], *service["address"]])),
            ),
            Entry(say("Dates", "Dates"), capfirst(span(stage["start"], stage["end"]))),
            Entry(say("Sujet", "Subject"), stage["subject"]),
        ),
    )


def _entry(abroad: Context) -> Part:
    return Part(
        say("Entrer et séjourner dans le pays", "Entering and staying in the country"),
        lines=[
            Entry(say("Visa, titre de séjour ou autorisation", "Visa, residence or other permit")),
            *_filled(
                Entry(
                    say("Zone du lieu de stage", "Advice to travellers"),
                    abroad.get("travel_zone", ""),
                ),
                Entry(
                    say("Décision qui autorise le départ", "Decision"),
                    abroad.get("travel_decision", ""),
                ),
            ),
            Entry(
                say("Ariane", "Ariane"),
                say(
                    "Le stagiaire inscrit son voyage sur Ariane avant de partir (diplomatie.gouv.fr).",
                    "The trainee registers the journey on Ariane before leaving (diplomatie.gouv.fr).",
                ),
            ),
            Entry(
                say(
                    "Ambassade ou consulat de France : adresse, téléphone, urgence",
                    "French embassy or consulate: address, telephone, emergencies",
                )
            ),
        ],
    )


def _working_time(stage: Context) -> Part:
    return Part(
        say("Temps de présence et congés", "Working time and leave"),
        texts=[
            say(
                "Sur place, les horaires, le repos et les jours fériés suivent le droit du pays.",
                "On site, working hours, rest and public holidays follow local law.",
            )
        ],
        lines=[
            *_filled(
                Entry(
                    say("Prévu par la convention", "As agreed"),
                    _joined(", ", weekly(stage), usual_day(stage)),
                ),
                Entry(say("Présence effective", "Actual presence"), presence(stage)),
                Entry(say("Congés et absences prévus", "Leave agreed"), stage["leave_terms"]),
            ),
            Entry(say("Durée légale du travail dans le pays", "Legal working time in the country")),
            Entry(say("Repos quotidien et hebdomadaire", "Daily and weekly rest")),
            Entry(say("Jours fériés pendant le stage", "Public holidays during the internship")),
        ],
    )


def _status(money: Context) -> Part:
    return Part(
        say("Statut et gratification", "Status and allowance"),
        lines=[
            Entry(
                say(
                    "Statut du stagiaire dans l’organisme",
                    "Status of the trainee in the organisation",
                )
            ),
            Entry(
                say("Gratification convenue", "Allowance agreed"),
                money_text(money) or say("Aucune", "None"),
            ),
            *_filled(
                Entry(
                    say("Avantages convenus", "Benefits agreed"),
                    money["benefits"],
                )
            ),
            Entry(say("Impôts et cotisations dus sur place", "Taxes and contributions due locally")),
        ],
    )


def _health(agreement: Context, country: str) -> Part:
    student, cover = agreement["student"], insurance(agreement["insurance"])
    return Part(
        say("Santé, accidents et assurances", "Health, accidents and insurance"),
        lines=[
            *_filled(
                Entry(
                    say("Caisse d’assurance maladie", "Health insurance fund"),
                    _joined(", ", student["fund"], student["fund_address"], student["fund_other"]),
                )
            ),
            Entry(say("Soins", "Medical care"), _care(country)),
            Entry(
                say("Accident du travail", "Accident at work"),
                say(
                    "L’organisme d’accueil prévient l’établissement d’enseignement par écrit dans les 48 heures ; "
                    "l’établissement déclare l’accident à la caisse (article 6.4 de la convention).",
                    "The host tells the educational institution in writing within 48 hours; the institution "
                    "declares the accident to the fund (article 6.4 of the agreement).",
                ),
            ),
            Entry(
                say(
                    "Couverture que l’organisme donne en plus (maladie, accident), ou néant",
                    "Further cover given by the host (illness, accident), or none",
                )
            ),
            *_filled(Entry(say("Responsabilité civile", "Civil liability"), cover)),
            Entry(
                say(
                    "Assistance et rapatriement : assureur, contrat, téléphone",
                    "Assistance and repatriation: insurer, policy, telephone",
                )
            ),
            Entry(say("Urgences sur place : numéro à appeler", "Local emergencies: number to call")),
        ],
    )


def _rights_and_duties(agreement: Context) -> Part:
    return Part(
        say("Droits, devoirs et interlocuteurs", "Rights, duties and contacts"),
        lines=[
            Entry(
                say("Devoirs du stagiaire", "Duties of the trainee"),
                say(
                    "Respecter les règles de l’organisme et la loi du pays, les horaires, la santé et la sécurité ; "
                    "garder le secret sur ce qui est confidentiel ; prévenir de toute absence.",
                    "Follow the rules of the host and the law of the country, working hours, health and safety "
                    "rules; keep confidential information secret; report any absence.",
                ),
            ),
            *_filled(
                Entry(
                    say("Règlement de l’organisme", "Rules of the host"), agreement["stage"]["internal_rules"]
                )
            ),
            Entry(
                say(
                    "Discrimination, harcèlement, danger : règles du pays et recours",
                    "Discrimination, harassment, danger: local rules and remedies",
                )
            ),
            Entry(
                say("Droit applicable", "Applicable law"),
                say(
                    "Le droit français régit la convention (article 13). Le droit du pays règle la présence sur place.",
                    "French law governs the agreement (article 13). Local law governs presence on site.",
                ),
            ),
            *_contacts(agreement),
        ],
    )


def _contacts(agreement: Context) -> list[Entry]:
    """Return whom the trainee turns to."""
    tutor, teacher, university = agreement["tutor"], agreement["teacher"], agreement["university"]
    return _filled(
        Entry(
            say("Tuteur", "Tutor"),
            _joined("\n", tutor["name"], tutor["phone"], tutor["email"]),
        ),
        Entry(
            say("Enseignant référent", "Referent teacher"),
            _joined("\n", teacher["name"], teacher["phone"], teacher["email"]),
        ),
        Entry(
            say("Centre de gestion", "Internship office"),
            _joined(
                "\n",
                university["centre"],
                university["centre_phone"] or university["phone"],
                university["centre_email"] or university["email"],
            ),
        ),
    )


def _boxes_of_sheet(agreement: Context) -> list[Box]:
    student, signatory = agreement["student"], agreement["signatory"]
    return [
        Box(
            say("L’organisme d’accueil, qui a rempli cette fiche", "The host, who filled this sheet"),
            signatory["name"],
            signatory["function"],
            to_sign(Signs.HOST),
        ),
        Box(
            say("Le stagiaire, qui l’a lue", "The trainee, who has read it"),
            f"{student['first_name']} {student['last_name']}",
            "",
            to_sign(Signs.STUDENT, is_minor=student["is_minor"]),
        ),
    ]


def summary(context: Context) -> Sheet:
    """Everything an agreement says, in the order of the wizard, with the values in effect."""
    agreement = context["agreement"]
    validated = agreement["validated_on"]
    state = [
        Entry(say("Numéro", "Number"), agreement["number"]),
        Entry(
            say("Validée le", "Validated on"),
            short_date(validated) if validated else say("Pas encore", "Not yet"),
        ),
        *_filled(
            Entry(say("Avenants en vigueur", "Amendments in force"), ", ".join(context["avenants"])),
        ),
    ]
    return Sheet(
        title=say("Récapitulatif de la convention de stage", "Summary of the internship agreement"),
        note=say(
            "Ce récapitulatif ne se signe pas : seule la convention validée, avec ses avenants, engage les parties.",
            "This summary is not to be signed: only the validated agreement, with its amendments, binds the parties.",
        ),
        parts=[
            Part(say("La convention", "The agreement"), lines=state),
            *(
                Part(section.title, lines=[Entry(row.label, row.value) for row in section.rows if row.value])
                for section in sections(agreement)
                if any(row.value for row in section.rows)
            ),
        ],
    )


def _what_changes(changes: list[Change]) -> Part:
    heads = [say("Rubrique", "Item"), say("Avant", "Before"), say("Après", "After")]
    return Part(say("Ce qui change", "What changes"), changes=changes, heads=heads)


def _filled(*lines: Entry) -> list[Entry]:
    """Return the lines that say something: an empty one would be a box to fill."""
    return [line for line in lines if line.value]


def _joined(separator: str, *parts: str) -> str:
    return separator.join(filter(None, parts))


def _reference(agreement: Context) -> str:
    return say("n° %(number)s, validée le %(day)s", "no. %(number)s, validated on %(day)s") % {
        "number": agreement["number"],
        "day": short_date(agreement["validated_on"]),
    }


def _parties(agreement: Context) -> list[BoundParty]:
    university, host, student = agreement["university"], agreement["organisation"], agreement["student"]
    signatory = agreement["signatory"]
    represented = say("Représenté par %s", "Represented by %s")
    return [
        BoundParty(
            say("L’établissement d’enseignement", "The educational institution"),
            university["name"],
            _joined(
                "\n",
                represented % _joined(", ", university["representative"], university["representative_title"]),
                university["ufr"],
            ),
        ),
        BoundParty(
            say("L’organisme d’accueil", "The host organisation"),
            host["name"],
            represented % _joined(", ", signatory["name"], signatory["function"]),
        ),
        BoundParty(
            say("Le stagiaire", "The trainee"),
            f"{student['first_name']} {student['last_name']}",
            _joined(
                "\n",
                *(
                    say("%(label)s : %(value)s", "%(label)s: %(value)s") % vars(row)
                    for row in civil_rows(student)
                    if row.value
                ),
                say("N° étudiant %s", "Student no. %s") % student["number"],
            ),
        ),
    ]


def to_sign(party: str, *, is_minor: bool = False) -> str:
    """Return what somebody writes in their box."""
    asked = say("Lieu, date et signature", "Place, date and signature")
    if party == Signs.HOST:
        return asked + say(", cachet de l’organisme", ", stamp of the organisation")
    if party == Signs.STUDENT and is_minor:
        return asked + say(
            " ; nom, qualité et signature du représentant légal",
            "; name, capacity and signature of the legal representative",
        )
    return asked


def _whole_pay(agreement: Context, unit: str) -> str:
    """Return the payments agreed and their total.

    Earlier releases froze none: they counted a month for each that was touched, and nothing by the day or the week.
    """
    money, stage = agreement["gratification"], agreement["stage"]
    if money["payments"] != "":
        return payments_text(money)
    if not money["amount"] or not stage["hours"]:
        return ""
    amount = Decimal(money["amount"])
    paid_leave = Decimal(stage["leave_hours"] or 0) if stage["leave_is_paid"] else Decimal(0)
    match unit:
        case Convention.AmountUnit.HOUR:
            total = amount * (Decimal(stage["hours"]) + paid_leave)
        case Convention.AmountUnit.MONTH:
            total = amount * _months(date.fromisoformat(stage["start"]), date.fromisoformat(stage["end"]))
        case Convention.AmountUnit.TOTAL:
            total = amount
        case _:
            return ""
    return f"{number(str(total.quantize(Decimal('0.01'), ROUND_HALF_UP)), 2)} {money['currency']}".strip()


def _months(start: date, end: date) -> int:
    """Return how many calendar months two days touch."""
    return (end.year - start.year) * 12 + end.month - start.month + 1


def _duration(done: Context) -> str:
    counted = {"hours": number(done["hours"]), "leave": number(done["leave_hours"]), "worth": _worth(done)}
    if Decimal(done["leave_hours"] or 0):
        return (
            say(
                "%(hours)s h de présence et %(leave)s h de congé, soit %(worth)s",
                "%(hours)s h of presence and %(leave)s h of leave, that is %(worth)s",
            )
            % counted
        )
    return (
        say("%(hours)s h de présence, soit %(worth)s", "%(hours)s h of presence, that is %(worth)s") % counted
    )


def _worth(done: Context) -> str:
    return say("%(days)s jours ou %(months)s mois", "%(days)s days or %(months)s months") % {
        "days": number(done["days"]),
        "months": number(done["months"]),
    }


def _paid(done: Context) -> str:
    if not Decimal(done["amount_paid"]):
        return say("Aucune", "None")
    paid = f"{number(done['amount_paid'], 2)} {currency(done['currency'])}"
    return say("%s au total", "%s in total") % paid


def _declared(done: Context) -> str:
    return say(
        "La durée et la gratification ont été déclarées par %(who)s pour l’organisme d’accueil, le %(day)s, et "
        "enregistrées par l’établissement d’enseignement le %(recorded)s. L’organisme en atteste par sa signature.",
        "Duration and allowance were declared by %(who)s for the host organisation on %(day)s, and recorded by the "
        "educational institution on %(recorded)s. The host attests to them by its signature.",
    ) % {
        "who": _joined(", ", done["declared_by"], done["declared_function"]),
        "day": short_date(done["declared_on"]),
        "recorded": short_date(done["confirmed_on"]),
    }


def _replaced(done: Context) -> list[str]:
    if not done["replaces"]:
        return []
    return [
        say(
            "Cette attestation annule et remplace celle du %s.",
            "This certificate cancels and replaces that of %s.",
        )
        % short_date(done["replaces"])
    ]


def _care(country: str) -> str:
    if country in CARD_COUNTRIES:
        return say(
            "Le stagiaire demande la carte européenne d’assurance maladie à sa caisse avant de partir.",
            "The trainee asks the fund for the European health insurance card before leaving.",
        )
    if country == "MC":
        return say(
            "La convention de sécurité sociale entre la France et Monaco couvre les soins : le stagiaire demande le "
            "formulaire à sa caisse avant de partir.",
            "The social security agreement between France and Monaco covers care: the trainee asks the fund for the form "
            "before leaving.",
        )
    if country == "CA":
        return say(
            "Au Québec, le formulaire SE 401-Q-106 ouvre droit aux soins ; ailleurs au Canada, le stagiaire prend une "
            "assurance santé privée.",
            "In Québec, form SE 401-Q-106 gives access to care; elsewhere in Canada, the trainee takes out private "
            "health insurance.",
        )
    return say(
        "La couverture française ne suit pas le stagiaire dans ce pays : il prend une assurance santé privée.",
        "French cover does not follow the trainee to this country: private health insurance is needed.",
    )
