"""``manage.py describe_law``: docs/droit.md, every rule of the law as the code applies it. ``make docs`` writes it."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import translation

from accounts.models import StricterRules
from conventions import law
from conventions.calendar import DAYS_PER_MONTH, HOURS_PER_DAY
from conventions.law.case import SIX_MONTHS, THREE_MONTHS, TWO_MONTHS
from conventions.law.facts import SHARES
from conventions.law.finding import Severity
from conventions.legality import words
from conventions.legality.words import money, number
from conventions.management.commands.load_nomenclatures import LISTS
from conventions.models import HourlyCeiling

INTRODUCTION = """\
# Ce que pstage sait du droit des stages

<!-- Page écrite par « make docs », d’après conventions/law/ : ne la modifiez pas, modifiez les règles. -->

Cette page est écrite par le programme, d’après les règles qu’il applique : un test échoue quand elle s’en écarte.
**C’est une lecture d’ingénieurs, pas un conseil juridique** : les textes cités font foi, et en cas de doute le
service juridique de l’établissement ou l’inspection du travail répond.

## Lire une règle

Chaque règle a un numéro (D-01), le texte qu’elle cite, ce qu’elle calcule, un exemple, et un effet :

- **bloque** : la convention ne peut être ni soumise ni validée avant d’être corrigée ;
- **bloque, sauf accord écrit du gestionnaire** : l’étudiant explique pourquoi il demande une exception, le gestionnaire
  écrit pourquoi il l’accepte ;
- **à justifier par le gestionnaire** : la convention se soumet ; pour la valider, le gestionnaire écrit pourquoi ;
- **informe** : rien n’est demandé ;
- **règle de calcul** : les autres règles l’appliquent ;
- **à savoir** : aucune donnée de la convention n’en décide.

Une règle qui a plusieurs effets a le plus sévère quand les données sont certaines, un autre quand elles sont déclarées
ou incomplètes. Une règle datée s’applique aux stages qui commencent ce jour-là ou après.

## Compter

- **Présence** : les heures prévues à l’organisme, jour par jour. Les jours fériés chômés, les interruptions et les
  jours à l’université n’y comptent pas.
- **Congés** : ceux que la convention écrit. Ils comptent dans la durée ; ils sont payés si la convention le dit.
- **Durée** = présence + congés : c’est elle que l’on compare aux seuils.
- **Heures payées** = présence, et congés s’ils sont gratifiés.
- {hours} = 1 jour ; {days} jours = 1 mois. Les seuils se comparent en heures, sans arrondi.

| seuil | heures | ce qui change au-delà |
|---|---|---|
| deux mois | {two} | gratification obligatoire, congés à prévoir |
| trois mois | {three} | gratification obligatoire, enseignement agricole |
| six mois | {six} | maximum dans un même organisme par année d’enseignement |

## Minimum de la gratification

Une heure vaut au moins {share} % du plafond horaire de la sécurité sociale de l’année où elle est faite (règles G-02 et
G-18). Quand le plafond d’une année manque, le dernier connu le remplace et le calcul est dit provisoire.

| année | plafond horaire | {share} % | texte |
|---|---|---|---|
"""
STRICTER = """
## Ce qu’un établissement ou un centre peut durcir

La loi reste le minimum : ces réglages l’aggravent, jamais ne l’allègent. Entre l’établissement et le centre, le plus
strict l’emporte.

"""
UNDECIDED = """
## Ce que les données ne décident pas

- Ce que l’organisme déclare n’est pas vérifié : effectif, stagiaires des autres écoles, stagiaires du tuteur, travaux
  réglementés, durée collective.
- Les stages faits pour un autre établissement d’enseignement ne sont connus que si l’étudiant les déclare (D-02).
- Deux stages dans un organisme sont-ils sur le même poste ? Seule la déclaration le dit (D-06).
- Les mots des missions peuvent trahir un emploi (R-10) ; ils ne prouvent rien, ni par leur présence ni par leur absence.
- Les heures sont celles qui sont prévues, pas celles qui sont faites ; un stage rompu compte au plus ses heures
  prévues, et l’alerte le dit (D-01).
- Le lien entre deux personnes se devine à leur adresse et à leur nom (S-04).
- Les règles marquées « à savoir » : {notes}.
"""
LIFTED = "bloque, sauf accord écrit du gestionnaire"
# From the most severe to the least.
EFFECTS = {
    (Severity.BLOCK, False): "bloque",
    (Severity.BLOCK, True): LIFTED,
    (Severity.WARN, False): "à justifier par le gestionnaire",
    (Severity.INFORM, False): "informe",
}


class Command(BaseCommand):
    help = "Print the rules of the law in French, as docs/droit.md."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(page(), ending="")


def page() -> str:
    """Return the whole page as Markdown."""
    with translation.override("fr"):
        return "".join(parts())


def parts() -> Iterator[str]:
    share = SHARES[0][1]
    yield INTRODUCTION.format(
        hours=f"{number(HOURS_PER_DAY)}\N{NO-BREAK SPACE}h",
        days=number(DAYS_PER_MONTH),
        two=number(TWO_MONTHS),
        three=number(THREE_MONTHS),
        six=number(SIX_MONTHS),
        share=number(share * 100),
    )
    [ceilings] = [one for one in LISTS if one.model is HourlyCeiling]
    for row in ceilings.rows():
        amount = Decimal(row["amount"])
        yield f"| {row['year']} | {money(amount)} | {money(amount * share)} | {row['source']} |\n"
    yield STRICTER
    labels = {field.name: field.verbose_name for field in StricterRules._meta.fields}
    for name, why in TIGHTENED.items():
        yield f"- **{labels[name]}** : {why}\n"
    for chapter in law.CHAPTERS:
        yield f"\n## {chapter.title}\n"
        for rule in chapter.rules:
            yield described(rule)
    notes = [rule.id for rule in law.RULES.values() if rule.check is None and not rule.formula]
    yield UNDECIDED.format(notes=", ".join(notes))


# The columns of StricterRules, with the rule that applies each.
TIGHTENED = {
    "last_end_day": "avec le mois, avance la fin de l’année universitaire, pour une étape aussi (règle R-09).",
    "referent_ceiling": "de 1 à 24 (règle E-02) ; le gestionnaire peut dépasser ce plafond-ci, jamais 24.",
    "gratification_threshold": "de 0 à 308 heures (règle G-01).",
    "requires_insurance": "pour tout le stage (règle P-06).",
}


def described(rule: law.Rule) -> str:
    """Return one rule as Markdown."""
    url = words.source(rule)
    cited = words.cited(rule)
    lines = [f"**Effet** : {SEMICOLON.join(effects(rule))}."]
    if rule.article != "—":
        lines.insert(0, f"**Texte** : {f'[{cited}]({url})' if url else cited}.")
    if rule.formula:
        lines.append(f"**Calcul** : {rule.formula}.")
    if rule.example:
        lines.append(f"**Exemple** : {rule.example}")
    if rule.since > date.min:
        lines.append(f"**Depuis** : {words.in_words(rule.since)}.")
    items = "".join(f"- {line}\n" for line in lines)
    return f"\n### {rule.id}\n\n{rule.title}\n\n{items}"


SEMICOLON = "\N{NO-BREAK SPACE}; "


def effects(rule: law.Rule) -> list[str]:
    """Return in words what a rule may do, from the most severe: a finding may be less, or more, than its rule."""
    if rule.check is None:
        return ["règle de calcul" if rule.formula else "à savoir"]
    tree = ast.parse(textwrap.dedent(inspect.getsource(rule.check)))
    found = {
        (severity, severity == Severity.BLOCK and lifted)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "finds"
        for severity in severities(call, rule)
        for lifted in can_be_lifted(call, rule)
    }
    return [text for effect, text in EFFECTS.items() if effect in found]


def argument(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def severities(call: ast.Call, rule: law.Rule) -> set[Severity]:
    """Return the severities that the code of one finding names, or its rule's."""
    value = argument(call, "severity")
    named = {node.id for node in ast.walk(value) if isinstance(node, ast.Name)} if value else set()
    return {severity for severity in Severity if severity.name in named} or {rule.severity}


def can_be_lifted(call: ast.Call, rule: law.Rule) -> set[bool]:
    """Return whether a manager may accept one finding: both when it depends on the case."""
    value = argument(call, "can_be_lifted")
    if value is None:
        return {rule.can_be_lifted}
    return {bool(value.value)} if isinstance(value, ast.Constant) else {True, False}
