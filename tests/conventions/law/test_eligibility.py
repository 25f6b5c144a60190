"""Who may do a stage, in which curriculum: R-01 to R-11."""

import pytest

from conventions.calendar import academic_year
from conventions.law.facts import Stricter
from tests.conventions.law.cases import (
    BLOCK,
    WARN,
    agreement,
    check,
    day,
    finds,
    found,
    minor,
    silent,
    stage,
    told,
)

FEBRUARY = stage("02/02/2026", "27/02/2026")
YEAR = academic_year(2025)


def ending(text, **more):
    return agreement(stage=stage("01/06/2026", text), **more)


def missions(text):
    return agreement(stage={"missions": text})


OCTOBER_TO_SEPTEMBER = day("01/10/2025"), day("30/09/2026")
EXAMPLES = [
    silent("R-01", "signed five days before", agreement(stage=FEBRUARY, signed_on=day("28/01/2026"))),
    silent("R-01", "signed on the first day", agreement(stage=FEBRUARY, signed_on=day("02/02/2026"))),
    finds(
        "R-01",
        "case 45: last signature after the start",
        agreement(stage=FEBRUARY, signed_on=day("03/02/2026")),
        told(BLOCK, "start", "lifted", signed_on="03/02/2026", start="02/02/2026"),
    ),
    silent("R-01", "not signed on the first day", agreement("02/02/2026", stage=FEBRUARY)),
    finds(
        "R-01",
        "not signed the day after",
        agreement("03/02/2026", stage=FEBRUARY),
        told(BLOCK, "start", "lifted", start="02/02/2026"),
    ),
    silent(
        "R-01",
        "signed in time, read later",
        agreement("03/02/2026", stage=FEBRUARY, signed_on=day("28/01/2026")),
    ),
    silent("R-01", "no date yet", agreement("03/02/2026", stage={"start": None})),
    finds(
        "R-02",
        "the day before the year",
        agreement(stage=stage("31/08/2025", "26/09/2025"), studies={"year": YEAR}),
        told(BLOCK, "start", start="31/08/2025", first="01/09/2025"),
    ),
    *(
        finds(
            "R-02",
            f"a year from 1 October, a stage from {start}",
            agreement(stage=stage(start, "31/12/2025"), studies={"year": OCTOBER_TO_SEPTEMBER}),
            told(severity, "start", start=start, first="01/10/2025"),
        )
        for start, severity in [("31/08/2025", BLOCK), ("01/09/2025", WARN), ("30/09/2025", WARN)]
    ),
    silent(
        "R-02",
        "a year from 1 October, its first day",
        agreement(stage=stage("01/10/2025", "31/12/2025"), studies={"year": OCTOBER_TO_SEPTEMBER}),
    ),
    silent("R-02", "first day of the year", agreement(stage=stage("01/09/2025", "26/09/2025"))),
    silent(
        "R-02",
        "year unknown",
        agreement(stage=stage("31/08/2025", "26/09/2025"), studies={"year": None}),
    ),
    silent("R-02", "no date yet", agreement(stage={"start": None})),
    silent("R-03", "200 h", agreement(studies={"teaching_hours": 200})),
    finds(
        "R-03",
        "199 h",
        agreement(studies={"teaching_hours": 199}),
        told(BLOCK, "enrolment", taught="199", least="200"),
    ),
    finds("R-03", "case 38: 150 h", agreement(studies={"teaching_hours": 150}), told(BLOCK, "enrolment")),
    silent(
        "R-03",
        "case 38: 150 h, césure (R-05)",
        agreement(studies={"teaching_hours": 150, "is_cesure": True}),
    ),
    silent("R-03", "unknown", agreement(studies={"teaching_hours": None})),
    silent("R-04", "50 h", agreement(studies={"presence_hours": 50})),
    finds(
        "R-04",
        "49 h",
        agreement(studies={"presence_hours": 49}),
        told(BLOCK, "enrolment", present="49", least="50"),
    ),
    finds(
        "R-04",
        "case 39: 200 h, 40 in presence",
        agreement(studies={"teaching_hours": 200, "presence_hours": 40}),
        told(BLOCK, "enrolment"),
    ),
    silent(
        "R-04",
        "case 39: rector's decision",
        agreement(studies={"presence_hours": 40, "presence_waiver": True}),
    ),
    silent("R-04", "césure (R-05)", agreement(studies={"presence_hours": 0, "is_cesure": True})),
    silent("R-04", "unknown", agreement(studies={"presence_hours": None})),
    silent("R-06", "first césure", agreement(studies={"is_cesure": True})),
    finds(
        "R-06",
        "second césure of the cycle",
        agreement(studies={"is_cesure": True, "earlier_cesures": 1}),
        told(BLOCK, "stage_type", "lifted"),
    ),
    silent("R-06", "an earlier césure, none now", agreement(studies={"earlier_cesures": 1})),
    silent("R-08", "16 years", minor(16)),
    finds("R-08", "15 years", minor(15), told(BLOCK, "start", age="15", least="16")),
    silent("R-08", "birth date unknown", agreement(trainee={"birth_date": None})),
    silent("R-09", "last day of the year", ending("31/08/2026")),
    finds(
        "R-09",
        "the day after",
        ending("01/09/2026"),
        told(BLOCK, "end", "lifted", end="01/09/2026", last="31/08/2026"),
    ),
    finds(
        "R-09",
        "case 11: 09/09/2026",
        agreement(stage=stage("02/03/2026", "09/09/2026")),
        told(BLOCK, "end", "lifted"),
    ),
    silent(
        "R-09",
        "a year that ends on 30/09",
        ending("30/09/2026", studies={"year": academic_year(2025, 9, 30)}),
    ),
    finds(
        "R-09",
        "a centre that ends earlier",
        ending("16/07/2026", stricter=Stricter(last_end=day("15/07/2026"))),
        told(BLOCK, "end", "lifted", end="16/07/2026", last="15/07/2026"),
    ),
    silent(
        "R-09",
        "on the day of that centre",
        ending("15/07/2026", stricter=Stricter(last_end=day("15/07/2026"))),
    ),
    finds(
        "R-09",
        "a centre never gives more than the year",
        ending("01/09/2026", stricter=Stricter(last_end=day("30/09/2026"))),
        told(BLOCK, "end", "lifted", end="01/09/2026", last="31/08/2026"),
    ),
    silent("R-09", "year unknown", ending("01/09/2026", studies={"year": None})),
    silent("R-09", "no date yet", agreement(stage={"end": None})),
    silent("R-10", "nothing forbidden", missions("Préparer l’emplacement d’un cédérom, remettre en place.")),
    finds(
        "R-10",
        "the host says so",
        agreement(host={"replaces_someone": True}),
        told(BLOCK, "replaces_someone"),
    ),
    *(
        finds("R-10", f"« {word} »", missions(f"Faire {word}."), told(WARN, "missions", word=word))
        for word in [
            "remplacer",
            "Remplacement",
            "congé maternité",
            "congé de maternité",
            "conges maternite",
            "saisonnier",
            "saisonnières",
            "CDD",
            "cdd",
            "surcroît",
            "surcroit",
            "intérim",
            "interimaire",
            "poste permanent",
        ]
    ),
    finds(
        "R-10",
        "in the subject too",
        agreement(stage={"subject": "Travail saisonnier", "missions": "Un CDD"}),
        told(WARN, "subject", word="saisonnier"),
        told(WARN, "missions", word="CDD"),
    ),
    silent("R-11", "nothing dangerous", minor()),
    finds(
        "R-11",
        "minor without declaration",
        minor(host={"has_regulated_work": True}),
        told(BLOCK, "regulated_work_declared"),
    ),
    silent(
        "R-11",
        "minor, declared",
        minor(host={"has_regulated_work": True, "regulated_work_declared": True}),
    ),
    finds(
        "R-11",
        "adult",
        agreement(host={"has_regulated_work": True}),
        told(WARN, "has_regulated_work"),
    ),
    silent(
        "R-12",
        "words",
        agreement(stage={"texts": {"subject": "SIG", "benefits": "Néant", "follow_up": ""}}),
    ),
    *(
        silent("R-12", f"« {text} »", agreement(stage={"texts": {"subject": text}}))
        for text in [
            "R&D 4.0",
            "Test A/B d’une page",
            "À compléter le fonds",
            "Néant",
            "Bébé",
            "Essai clinique",
            "2D ou 3D",
        ]
    ),
    *(
        finds(
            "R-12",
            f"« {text} »",
            agreement(stage={"texts": {"subject": text}}),
            told(WARN, "subject", said=text),
        )
        for text in [
            "xx",
            "???",
            "…",
            ".",
            "-",
            "IA",
            "XXXXXXXXXXXXXXXXXXXX",
            "x x x x x",
            "abcabcabcabc",
            "12345",
            "test",
            "Test test TEST",
            "À compléter",
            "a completer",
            "à définir…",
            "azerty",
            "azertyuiop",
            "qsdfqsdfg",
            "blablabla",
            "Lorem ipsum dolor sit amet",
            "N/A",
            "TODO",
        ]
    ),
    finds(
        "R-12",
        "each text of its own",
        agreement(stage={"texts": {"missions": "?" * 60, "skills": "blabla " * 10, "follow_up": "..."}}),
        told(WARN, "missions", said="?" * 40 + "…"),
        told(WARN, "skills", said=("blabla " * 10)[:40] + "…"),
        told(WARN, "follow_up", said="..."),
    ),
]


@pytest.mark.parametrize("example", [example.param for example in EXAMPLES])
def test_eligibility(example):
    check(example)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Remplacer un collaborateur absent.", "Remplacer"),
        ("En remplacement d’une collaboratrice.", "remplacement"),
        ("Remplacer un membre de l’équipe.", "Remplacer"),
        ("Remplacement de Marie Dupont.", "Remplacement"),
        ("Remplacer le cuisinier.", "Remplacer"),
        ("Remplacer le professeur de dessin.", "Remplacer"),
        ("Accroissement temporaire de l’activité.", "Accroissement temporaire de l’activité"),
        ("Un accroissement d'activité en juin.", "accroissement d'activité"),
        ("Un pic de l’activité.", "pic de l’activité"),
        ("Un poste de travail permanent.", "poste de travail permanent"),
        ("Remplacer progressivement l’outil.", ""),
        ("Remplacer les serveurs.", ""),
        ("Remplacement des agents chimiques dangereux.", ""),
        ("Remplacer le logiciel de paie et les pièces usées.", ""),
        ("Poste de travail informatique.", ""),
    ],
)
def test_who_is_replaced_tells_a_person_from_a_thing(text, word):
    assert [finding.values["word"] for finding in found("R-10", missions(text))] == ([word] if word else [])


@pytest.mark.parametrize(
    ("last", "whole_year", "late"),
    [("30/11/2026", "30/11/2026", []), ("30/11/2026", "01/12/2026", ["30/11/2026"])],
)
def test_a_programme_may_end_after_the_year(last, whole_year, late):
    facts = ending(whole_year, studies={"last_end": day(last)})
    assert [f"{finding.values['last']:%d/%m/%Y}" for finding in found("R-09", facts)] == late
    asked = ending(whole_year, studies={"last_end": day(last)}, stricter=Stricter(last_end=day("31/08/2026")))
    assert [f"{finding.values['last']:%d/%m/%Y}" for finding in found("R-09", asked)] == ["31/08/2026"]


@pytest.mark.parametrize(
    ("last", "named"),
    [("15/07/2026", ["Master 2 Chimie"]), ("31/08/2026", ["Master 2 Chimie"]), ("30/09/2026", [])],
)
def test_who_asks_for_the_last_day_is_named_unless_it_is_the_year(last, named):
    asked = Stricter(last_end=day(last), last_end_by="Master 2 Chimie")
    [late] = found("R-09", ending("01/09/2026", stricter=asked))
    assert [line.values["by"] for line in late.calculation if line.values] == named
