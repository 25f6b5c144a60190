"""Columns under other names: those that other systems give them, and those that somebody said once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from organisations.records.tables import name_of

# Our column ← theirs, the best first: Apogée's tables, Pégase's and ESUP-Stage's or pStage's exports, LDAP (supann),
# then what people write.
PEOPLE = {
    "email": (
        "adr_mail", "mail", "mail_univ", "mail_universitaire", "mailUniv", "courriel", "courriel_univ", "e-mail",
        "adresse électronique", "adresse mail", "adresse e-mail", "adresse courriel", "email universitaire",
        "mailInstitutionnel", "mail institutionnel",
    ),
    "first_name": (
        "lib_pr1_ind", "prenom", "prenom1", "premier prénom", "prénom usuel", "prenomUsuel", "givenName",
        "prenom étudiant", "prénom de l’étudiant", "firstname",
    ),
    "last_name": (
        "lib_nom_usu_ind", "lib_nom_pat_ind", "nom", "nom usuel", "nomUsuel", "nom d’usage", "nom de famille",
        "nomFamille", "nom de naissance", "nomDeNaissance", "sn", "nom étudiant", "nom de l’étudiant", "lastname",
    ),
}  # fmt: skip
ENROLMENT = {
    "student_number": (
        "cod_etu", "codeApprenant", "code apprenant", "numEtudiant", "num_etudiant", "numero_etudiant", "n° étudiant",
        "numéro étudiant", "n etudiant", "no étudiant", "supannEtuId", "nip", "code_nip", "identifiant étudiant",
        "matricule",
    ),
    "academic_year": (
        "cod_anu", "annee", "année universitaire", "annee_univ", "anneeUniv", "codePeriode", "code période", "période",
        "millésime",
    ),
    "programme_code": (
        "cod_etp", "codeEtape", "code étape", "code_etape", "étape", "codeFormation", "code formation",
        "codeObjetFormation", "code objet formation", "code diplôme",
    ),
    "programme_version": (
        "cod_vrs_vet", "codeVersionEtape", "code version étape", "version étape", "version_etape", "vet", "version",
    ),
}  # fmt: skip
PLACE = {
    "street": ("lib_ad1", "voie", "adresse", "adresse1", "adresse 1", "rue", "adresse étudiant", "numéro et voie"),
    "address_extra": (
        "lib_ad2", "batimentResidence", "bâtiment résidence", "adresse2", "adresse 2", "complément",
        "complément d’adresse", "complement_adresse",
    ),
    "postal_code": ("cod_bdi", "codePostal", "code postal", "cp", "cp étudiant", "code_postal"),
    "city": ("lib_com", "lib_ach", "commune", "ville", "ville étudiant", "localité", "libCedex"),
    "country": ("cod_pay", "libPays", "pays", "code pays", "pays étudiant", "codePays", "nationalité pays"),
}  # fmt: skip
KNOWN: dict[str, Mapping[str, Sequence[str]]] = {
    "students": {
        **ENROLMENT,
        **PEOPLE,
        "birth_name": (
            "lib_nom_pat_ind", "nomDeNaissance", "nom de naissance", "nomNaissance", "nom_naissance", "nomPatronymique",
            "nom patronymique", "nomFamille", "nom de famille",
        ),
        "usage_name": (
            "lib_nom_usu_ind", "nomUsage", "nom d’usage", "nom_usage", "nomUsuel", "nom usuel", "nom marital",
        ),
        "civil_first_name": (
            "prenomEtatCivil", "prénom d’état civil", "prénom état civil", "prenom_etat_civil", "lib_pr1_etat_civil",
            "prénom de naissance",
        ),
        "sex": (
            "sexEtatCivil", "sexeEtatCivil", "cod_sex_etu", "codeSexe", "code sexe", "sexe",
        ),
        "birth_date": (
            "date_nai_ind", "dateNais", "dateNaissance", "dateDeNaissance", "date de naissance", "né le", "née le",
            "date_naissance", "naissance",
        ),
        "phone": (
            "num_tel_port", "num_tel", "telPortable", "tél portable", "portable", "tel", "tél", "telephone",
            "téléphone", "téléphone portable", "tél perso", "mobile",
        ),
        "personal_email": (
            "mailPerso", "mail perso", "mail personnel", "courriel perso", "courriel personnel", "email personnel",
            "adresse électronique personnelle",
        ),
        **PLACE,
    },
    "enrolments": ENROLMENT,
    "teachers": {
        **PEOPLE,
        "ufr_code": (
            "supannEntiteAffectationPrincipale", "affectation", "cod_cmp", "codeUfr", "code ufr", "code_ufr",
            "composante", "code composante", "ufr",
        ),
        "position": ("fonction", "qualité", "typePersonne", "corps", "statut"),
        "phone": ("tel", "tél", "telephone", "téléphone", "telephoneNumber", "téléphone professionnel"),
        "office": ("bureau", "roomNumber"),
    },
    "managers": {
        **PEOPLE,
        "centre": ("nomCentre", "centre de gestion", "centreGestion", "centre_gestion", "nom du centre", "service"),
    },
    "ufrs": {
        "code": ("cod_cmp", "codeUfr", "code ufr", "code_ufr", "code composante", "codeComposante"),
        "name": ("lib_cmp", "libelle", "libellé", "nom", "libelleUfr", "composante", "ufr", "libComposante"),
        "centre": ("nomCentre", "centre de gestion", "centreGestion", "centre_gestion"),
    },
    "centres": {
        "name": ("nomCentre", "nom", "centre", "centre de gestion", "nom du centre"),
        "mailbox": ("mail", "courriel", "email", "e-mail", "boîte", "adresse électronique"),
        "phone": ("telephone", "téléphone", "tel", "tél"),
        "address": ("adresse", "voie"),
        "signatory_name": ("nomViseur", "signataire", "nom du signataire", "directeur"),
        "signatory_title": ("qualiteViseur", "qualité", "qualité du signataire", "fonction du signataire"),
        "notified": ("onlyMailCentreGestion",),
    },
    "programmes": {
        "code": ("cod_etp", "codeEtape", "code étape", "code_etape", "codeFormation", "code formation"),
        "version": ("cod_vrs_vet", "codeVersionEtape", "code version étape", "version étape", "version_etape"),
        "label": ("lib_web_vet", "lib_etp", "libelle", "libellé", "libelleEtape", "étape", "libellé étape", "intitulé"),
        "level": ("niveau", "lib_niv", "niveau d’études"),
        "ufr_code": ("cod_cmp", "codeUfr", "code ufr", "code_ufr", "code composante", "ufr"),
        "centre": ("nomCentre", "centre de gestion", "centreGestion"),
        "teaching_hours": ("volumeHoraireFormation", "heures d’enseignement", "volume horaire", "nb_heures"),
        "presence_hours": ("heures en présence", "heures en présentiel", "présentiel"),
        "regime": ("régime de gratification", "regime_gratification"),
    },
    "destinations": {
        "country": ("pays", "code pays", "codePays", "destination"),
        "region": ("région", "zone", "ville"),
        "level": ("niveau", "couleur", "vigilance", "niveau de risque", "niveau de vigilance"),
        "source": ("origine", "fiche"),
        "source_url": ("url", "lien", "adresse", "adresse de la source", "source_url"),
        "checked_on": ("date", "lu le", "mis à jour le", "dernière mise à jour", "date de la source"),
    },
    "hosts": {
        "name": ("raisonSociale", "raison sociale", "nom", "dénomination", "denomination", "structure", "entreprise"),
        "siret": ("numeroSiret", "n° siret", "numéro siret", "num_siret", "no siret"),
        "local_identifier": ("numeroRNE", "rne", "uai", "rna", "identifiant local"),
        "trade_name": ("enseigne", "nom commercial"),
        "acronym": ("sigle",),
        "legal_form": ("statutJuridique", "statut juridique", "forme juridique", "forme_juridique_code"),
        "naf": ("codeNAF_N5", "codeNAF", "code naf", "ape", "code ape"),
        "activity": ("activitePrincipale", "activité principale", "activité"),
        "headcount_band": ("tranche effectif", "tranche_effectif", "tranche d’effectif"),
        "headcount": ("effectif", "effectif_declare"),
        **PLACE,
        "phone": ("telephone", "téléphone", "tel", "tél"),
        "email": ("mail", "courriel", "e-mail", "adresse électronique"),
        "website": ("siteWeb", "site web", "site", "url"),
    },
}  # fmt: skip


@dataclass(frozen=True)
class Match:
    """Which columns of a file are ours, by name, and which ones nobody knows."""

    ours: dict[str, str]
    unknown: list[str]
    is_certain: bool  # all are ours under our own names, or somebody said it before


def match(
    header: Sequence[str], kind: str, columns: Iterable[str], remembered: Mapping[str, str] | None = None
) -> Match:
    """Return what the columns of a file are: as somebody said, under our own names, then under those we know.

    ``remembered`` says what each of their names is; nothing for a column that is left out.
    """
    columns, remembered = list(columns), remembered or {}
    names = [name_of(name) for name in header]
    ours: dict[str, str] = {}
    for theirs in names:
        said = remembered.get(theirs, theirs if theirs in columns else "")
        if said in columns:
            ours.setdefault(said, theirs)
    is_certain = all(name in columns or name in remembered for name in names)
    known = KNOWN.get(kind, {})
    for column in columns:
        if column not in ours:
            free = [name for name in names if name not in ours.values() and name not in remembered]
            found = next((name for name in map(name_of, known.get(column, ())) if name in free), None)
            if found:
                ours[column] = found
    unknown = [name for name in names if name and name not in ours.values() and name not in remembered]
    return Match(ours, unknown, is_certain)
