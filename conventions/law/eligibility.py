"""Who may do a stage, in which curriculum, and what a stage must never be for."""

import re
from collections.abc import Iterator
from datetime import date

from conventions.law.case import Case
from conventions.law.facts import Stricter
from conventions.law.finding import BLOCK, WARN, Chapter, Finding, Line, Rule, hours, number
from conventions.law.finding import gettext_noop as _

CHAPTER = Chapter("Champ d’application et formation")
TEACHING_HOURS = 200
PRESENCE_HOURS = 50
SCHOOL_AGE = 16
# When an academic year is said to begin, whatever the day an institution chose.
SEPTEMBER = 9, 1
# Words of a replacement, a seasonal job or a rise of activity (article L124-7). Who replaces a part or a method replaces
# nobody: « remplacer » counts alone, or before somebody.
SOMEBODY = r"""(?:l[ae]s?\ |l[’']|une?\ |des\ |mon\ |ma\ |son\ |sa\ |deux\ )?(?:
    M\.|Mme|Mlle|monsieur|madame|quelqu|personne|membre|femme|homme|salari[ée]|employ[ée]|ouvri|charg[ée]|absent|permanent
    |agent(?!s?\ (?:chimique|conversationnel|conservateur))|coll[èe]gue|collaborat(?:eur|rice)|assistant|secr[ée]taire
    |titulaire|responsable|technicien|op[ée]rat(?:eur|rice)|ing[ée]nieur|vendeu|serveu(?:se|r\ en\ salle)|h[ôo]te
    |comptable|juriste|enseignant|profess|format(?:eur|rice)|animat(?:eur|rice)|[ée]ducat(?:eur|rice)|infirmi|m[ée]decin
    |gestionnaire|direct(?:eur|rice)|chef|g[ée]rant|patron|apprenti|stagiaire|caissi|cuisini|chauffeur|livreu
    |(?-i:[A-ZÀ-Ý][a-zà-ÿ]+(?:-[A-ZÀ-Ý][a-zà-ÿ]+)?\ [A-ZÀ-Ý][A-Za-zà-ÿ]+))"""
OF = r"(?:d[eu]s?\ |d[’']|l[ae]s?\ |l[’']|une?\ |[mts](?:on|a|es)\ |ce(?:t|tte|s)?\ |(?:nos|vos|notre|votre|leurs?)\ )"
ACTIVITY = r"d(?:e\ l)?[’']activit[ée]s?"
FORBIDDEN = re.compile(
    rf"""\b(?:
    remplac\w*\b(?!(?:\ \w+ment)?\ {OF}(?!{SOMEBODY})\w)|rempla[çc]ante?s?
    |(?:pendant|durant)\ (?:(?:son|sa|ses|leurs?)\ |l[’'])(?:absence|cong[ée])\w*
    |cong[ée]s?\ (?:de\ )?(?:maternit[ée]|maladie|parental)
    |saisonni\w+|CDD|int[ée]rim\w*|postes?\ (?:de\ travail\ )?permanents?
    |surcro[iî]ts?(?!\ de\ (?!travail|charge|commandes))|accroissements?\ (?:temporaires?\ )?{ACTIVITY}
    |pics?\ {ACTIVITY}
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)

# How one recognises a text that says nothing.
FEWEST_SIGNS = 3
SHOWN_NOISE = 40
REPEATED = re.compile(r"(.{1,4}?)\1{2,}.{0,3}|(.)\2+")
WAITING = re.compile(
    r"(?:(?:[àa] (?:compl[ée]ter|d[ée]finir|pr[ée]ciser|remplir|venir|voir)|en attente|lorem ipsum.*|bla(?: ?bla)*"
    r"|n a|tba|tbd|to ?do|test(?:ing|e|s)?|essai|truc|machin|azerty\w*|qwerty\w*|qsdf\w*|asdf\w*|poiuy\w*"
    r"|voir (?:annexe|tuteur)|je ne sais pas|sais pas|idem)(?: |$))+"
)


@CHAPTER.rule(
    "R-01",
    "L124-1",
    "Pas de stage sans convention signée par tous avant le premier jour.",
    BLOCK,
    formula="dernière signature ≤ premier jour du stage",
    example="Début le 02/02 : signée le 28/01, oui ; signée le 03/02, non.",
    can_be_lifted=True,
)
def signed_before_start(case: Case, rule: Rule) -> Iterator[Finding]:
    signed_on, start = case.facts.signed_on, case.start
    if start is None:
        return
    if signed_on and signed_on > start:
        yield rule.finds(
            "start",
            _("La dernière signature (%(signed_on)s) est postérieure au début du stage (%(start)s)."),
            signed_on=signed_on,
            start=start,
        )
    elif signed_on is None and case.facts.today > start:
        yield rule.finds(
            "start",
            _(
                "Le stage aurait commencé le %(start)s, avant toute signature : "
                "reportez le début, ou expliquez la situation au centre de gestion."
            ),
            start=start,
        )


@CHAPTER.rule(
    "R-02",
    "L124-1, L124-3, D124-1",
    "Un stage fait partie d’un cursus : il commence pendant l’année universitaire de l’inscription.",
    BLOCK,
    formula="premier jour de l’année ≤ début du stage ; à partir du 1er septembre, une année qui commence plus tard se vérifie",
    example=(
        "Inscription 2026/2027 : début le 01/09/2026, oui ; le 31/08/2026, non ; année du 01/10 au 30/09, début le "
        "15/09/2026 : à vérifier."
    ),
)
def within_the_year(case: Case, rule: Rule) -> Iterator[Finding]:
    year, named = case.facts.studies.year, case.facts.studies.academic_year
    if year and named and case.start and date(named, *SEPTEMBER) <= case.start < year[0]:
        yield rule.finds(
            "start",
            _(
                "Le stage commence le %(start)s, avant le premier jour de l’année universitaire (%(first)s) : vérifiez que "
                "l’étudiant est déjà inscrit pour cette année."
            ),
            severity=WARN,
            start=case.start,
            first=year[0],
        )
    elif year and case.start and case.start < year[0]:
        yield rule.finds(
            "start",
            _(
                "Le stage commence le %(start)s, avant l’année universitaire choisie (%(first)s) : "
                "corrigez la date, ou choisissez l’inscription de l’année du stage."
            ),
            start=case.start,
            first=year[0],
        )


@CHAPTER.rule(
    "R-03",
    "D124-2",
    "La formation compte au moins 200 heures d’enseignement par an, stage non compris.",
    BLOCK,
    formula="heures d’enseignement ≥ 200",
    example="200 h : oui ; 199 h : non ; pendant une césure : sans objet.",
    since=date(2014, 12, 1),
)
def teaching_hours(case: Case, rule: Rule) -> Iterator[Finding]:
    taught = case.facts.studies.teaching_hours
    if taught is None or case.facts.studies.is_cesure or taught >= TEACHING_HOURS:
        return
    yield rule.finds(
        "enrolment",
        _(
            "Cette formation compte %(taught)s d’enseignement par an ; il en faut au moins %(least)s "
            "pour faire un stage."
        ),
        taught=hours(taught),
        least=hours(TEACHING_HOURS),
    )


@CHAPTER.rule(
    "R-04",
    "D124-2",
    "Au moins 50 de ces 200 heures ont lieu en présence, sauf décision du recteur de région académique.",
    BLOCK,
    formula="heures en présence ≥ 50, ou décision du recteur",
    example="50 h : oui ; 40 h sans décision : non.",
    since=date(2017, 12, 4),
)
def presence_hours(case: Case, rule: Rule) -> Iterator[Finding]:
    studies = case.facts.studies
    if studies.presence_hours is None or studies.is_cesure or studies.presence_waiver:
        return
    if studies.presence_hours < PRESENCE_HOURS:
        yield rule.finds(
            "enrolment",
            _(
                "Cette formation compte %(present)s en présence des étudiants ; il en faut au moins %(least)s, "
                "sauf décision du recteur."
            ),
            present=hours(studies.presence_hours),
            least=hours(PRESENCE_HOURS),
        )


CHAPTER.note(
    "R-05",
    "D611-16",
    "Pendant une césure, les règles R-03 et R-04 ne s’appliquent pas, ni la mention du volume d’enseignement.",
)


@CHAPTER.rule(
    "R-06",
    "D611-13 à D611-17",
    "Une seule césure par cycle, d’un ou deux semestres, à l’initiative de l’étudiant.",
    BLOCK,
    formula="césures d’une autre année dans le même cycle = 0",
    example="Une césure en L2, une autre en M1 : oui ; deux en master : non.",
    since=date(2018, 5, 21),
    can_be_lifted=True,
)
def one_cesure(case: Case, rule: Rule) -> Iterator[Finding]:
    if case.facts.studies.is_cesure and case.facts.studies.earlier_cesures:
        yield rule.finds(
            "stage_type",
            _("Une césure a déjà eu lieu dans ce cycle d’études : une seule est possible par cycle."),
        )


CHAPTER.note(
    "R-07",
    "L124-5, D611-16",
    "Pendant une césure, le maximum de six mois par organisme s’applique (règle D-01).",
    example="Six mois dans un organisme puis six dans un autre : oui ; douze mois dans le même : non.",
)


@CHAPTER.rule(
    "R-08",
    "L124-1",
    (
        "Ne sont pas des stages : la formation continue sous contrat de travail, l’observation par un élève de moins "
        "de 16 ans, l’apprentissage chez l’employeur."
    ),
    BLOCK,
    formula="âge au premier jour ≥ 16 ans",
    example="16 ans : oui ; 15 ans : une autre convention est nécessaire.",
)
def not_an_observation(case: Case, rule: Rule) -> Iterator[Finding]:
    if case.age_at_start is not None and case.age_at_start < SCHOOL_AGE:
        yield rule.finds(
            "start",
            _(
                "L’étudiant aura %(age)s ans au début du stage ; une convention de stage demande au moins "
                "%(least)s ans."
            ),
            age=number(case.age_at_start),
            least=number(SCHOOL_AGE),
        )


@CHAPTER.rule(
    "R-09",
    "usage ; L124-1 et L124-3 (le stage relève d’un cursus) ; D124-6 (année d’enseignement)",
    "Le stage se termine pendant l’année universitaire de l’inscription.",
    BLOCK,
    formula="fin du stage ≤ dernier jour de l’année, ou jour plus tôt fixé par l’établissement, le centre ou l’étape",
    example="Année 2025/2026 jusqu’au 31/08 : fin le 31/08/2026, oui ; le 01/09/2026, non.",
    can_be_lifted=True,
)
def ends_within_the_year(case: Case, rule: Rule) -> Iterator[Finding]:
    year = case.facts.studies.year
    if year is None or case.end is None:
        return
    stricter, end = case.facts.stricter, case.facts.studies.last_end or year[1]
    last = min(end, stricter.last_end or end)
    if case.end > last:
        yield rule.finds(
            "end",
            _(
                "Le stage se termine le %(end)s ; pour cette inscription, il doit finir au plus tard le %(last)s."
            ),
            end=case.end,
            last=last,
            calculation=[Line(_("Fin du stage"), case.end), last_day_shown(stricter, last)],
        )


def last_day_shown(stricter: Stricter, last: date) -> Line:
    """Return the last day, and who asks for it when it is not the end of the year."""
    if stricter.last_end == last and stricter.last_end_by:
        return Line(_("Dernier jour possible, fixé par %(by)s"), last, {"by": stricter.last_end_by})
    return Line(_("Dernier jour possible"), last)


@CHAPTER.rule(
    "R-10",
    "L124-7",
    (
        "Un stage ne sert pas à tenir un poste permanent, à absorber un surcroît d’activité, à occuper un emploi "
        "saisonnier ou à remplacer quelqu’un."
    ),
    WARN,
    formula="déclaration de l’organisme ; mots des missions",
    example="« Remplacer Mme X pendant son congé » : à vérifier ; « remplacer les pièces usées » : oui.",
)
def not_a_job(case: Case, rule: Rule) -> Iterator[Finding]:
    if case.facts.host.replaces_someone:
        yield rule.finds(
            "replaces_someone",
            _("Un stage ne peut pas remplacer quelqu’un ni répondre à un surcroît d’activité."),
            severity=BLOCK,
        )
    for name in ("subject", "missions"):
        if word := FORBIDDEN.search(getattr(case.facts.stage, name)):
            yield rule.finds(
                name,
                _(
                    "Le mot « %(word)s » peut désigner un remplacement, un surcroît d’activité ou un emploi "
                    "saisonnier : précisez que ce n’en est pas un."
                ),
                word=word[0],
            )


@CHAPTER.rule(
    "R-11",
    "L124-14 ; D4153-15 et suivants du code du travail",
    "Aucune tâche dangereuse n’est confiée au stagiaire ; à un mineur, aucun travail réglementé sans déclaration.",
    WARN,
    formula="mineur et travaux réglementés : déclaration de dérogation faite",
    example="17 ans, machines dangereuses, sans déclaration : non.",
)
def no_dangerous_work(case: Case, rule: Rule) -> Iterator[Finding]:
    host = case.facts.host
    if not host.has_regulated_work:
        return
    if case.is_minor and not host.regulated_work_declared:
        yield rule.finds(
            "regulated_work_declared",
            _("Un mineur ne fait aucun travail réglementé sans déclaration de dérogation de l’organisme."),
            severity=BLOCK,
        )
    elif not case.is_minor:
        yield rule.finds(
            "has_regulated_work",
            _(
                "L’organisme signale des travaux dangereux ou réglementés : vérifiez qu’ils ne sont pas "
                "confiés au stagiaire."
            ),
        )


@CHAPTER.rule(
    "R-12",
    "D124-4",
    "Les mentions de la convention disent quelque chose : « xx », « ??? » ou « à compléter » n’en sont pas.",
    WARN,
    formula="moins de trois lettres ; une suite répétée ou du clavier ; un mot d’attente",
    example="Sujet : « … » : à justifier.",
)
def says_something(case: Case, rule: Rule) -> Iterator[Finding]:
    for name, text in case.facts.stage.texts.items():
        if text.strip() and is_noise(text):
            yield rule.finds(
                name,
                _("« %(said)s » ne dit rien : écrivez ce que la convention doit prévoir."),
                said=text.strip() if len(text.strip()) <= SHOWN_NOISE else f"{text.strip()[:SHOWN_NOISE]}…",
            )


def is_noise(text: str) -> bool:
    """Tell whether a text says nothing: too few letters, a repeated piece, keys side by side, a word that waits."""
    signs = "".join(sign for sign in text.casefold() if sign.isalnum())
    if len(signs) < FEWEST_SIGNS or REPEATED.fullmatch(signs) or signs.isdecimal():
        return True
    return bool(WAITING.fullmatch(" ".join(re.findall(r"\w+", text.casefold()))))
