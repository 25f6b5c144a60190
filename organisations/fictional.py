"""Invented hosts and contacts, as many as asked, as varied as a French register: to measure a directory at full size.

Names are put together from the lists below, towns are real. Nobody is behind them: SIREN numbers that begin with two
zeros (INSEE gave next to none), RNA numbers of no department, VAT numbers of no shape, telephone numbers that ARCEP
keeps for fiction, ``.example`` domains.
"""

# ruff: noqa: SIM905  long lists of words read better as text

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate
from random import Random

from stdnum import luhn

from accounts.folding import fold
from organisations import words
from organisations.models import Contact, Organisation

# The demo and the tests number their companies from 1.
FIRST_COMPANY = 1_000
LONGEST_LABEL = 60  # of a domain name: 63 in the standard
NEVER_CLOSED_BEFORE = date(2012, 1, 1)
DAYS_OF_CLOSURES = 5_000

# One host in so many.
CLOSED, PRIVATE, UNVERIFIED = 16, 50, 10
WITH_TRADE_NAME, WITH_ACRONYM, WITH_FORMER_NAME = 14, 8, 25
WITH_BRANCHES = 6  # of the companies that may have some
PER_LARGEST_TOWN = 4_000  # where the smallest commune has one host; the next large towns have fewer


def several(text: str) -> list[str]:
    """Return what a text lists, between bars or line by line."""
    return re.split(r"\s*[|\n]\s*", text.strip())


# From the largest; their names as the list of communes writes them.
LARGE_TOWNS = several("""
    PARIS|MARSEILLE|LYON|TOULOUSE|NICE|NANTES|MONTPELLIER|STRASBOURG|BORDEAUX|LILLE|RENNES|REIMS|TOULON
    ST ETIENNE|LE HAVRE|GRENOBLE|DIJON|ANGERS|VILLEURBANNE|NIMES|CLERMONT FERRAND|LE MANS|BREST|TOURS
    AMIENS|LIMOGES|ANNECY|PERPIGNAN|METZ|BESANCON|ORLEANS|ROUEN|MULHOUSE|CAEN|NANCY|ROUBAIX|TOURCOING
    AVIGNON|POITIERS|DUNKERQUE|VERSAILLES|LA ROCHELLE|PAU|CANNES|CALAIS|LORIENT|QUIMPER|VALENCE|TROYES
    CHAMBERY|NIORT|BEAUVAIS|VANNES|LAVAL|ARRAS|BOURGES|BLOIS|EVREUX|CHERBOURG EN COTENTIN|ST LO|ALENCON
""")
ARTICLES = {"Le": "du", "Les": "des"}
SMALL_WORDS = frozenset("a au aux d de des du en et l la le les lez lès sous sur".split())

FAMILIES = """
    Martin Bernard Thomas Petit Robert Richard Durand Dubois Moreau Laurent Simon Michel Lefebvre Leroy Roux
    David Bertrand Morel Fournier Girard Bonnet Dupont Lambert Fontaine Rousseau Vincent Muller Lefèvre Faure
    André Mercier Blanc Guérin Boyer Garnier Chevalier François Legrand Gauthier Garcia Perrin Robin Clément
    Morin Nicolas Henry Roussel Mathieu Gautier Masson Marchand Duval Denis Dumont Marie Lemaire Noël Meyer
    Dufour Meunier Brun Blanchard Giraud Joly Rivière Lucas Brunet Gaillard Barbier Arnaud Martinez Gérard
    Roche Renard Schmitt Roy Leroux Colin Vidal Caron Picard Roger Fabre Aubert Lemoine Renaud Dumas Lacroix
    Olivier Philippe Bourgeois Pierre Benoît Rey Leclerc Payet Rolland Leclercq Guillaume Lecomte Lopez Jean
    Dupuy Guillot Hubert Berger Carpentier Sanchez Dupuis Moulin Louis Deschamps Huet Vasseur Perez Boucher
    Fleury Royer Klein Jacquet Adam Paris Poirier Marty Aubry Guyot Carré Charles Renault Charpentier Ménard
    Maillard Baron Bertin Bailly Hervé Schneider Fernandez Collet Léger Bouvier Julien Prévost Millet Perrot
    Daniel Kervella Cousin Germain Breton Besson Langlois Rémy Pelletier Lévêque Perrier Leblanc Barré Lebrun
    Marchal Weber Mallet Hamon Boulanger Jacob Monnier Michaud Rodriguez Guichard Gillet Étienne Grondin
    Poulain Tessier Chevallier Collin Chauvin Dasilva Bouchet Gay Lemaître Bénard Maréchal Humbert Reynaud
    Antoine Hoarau Perret Barthélemy Cordier Pichon Lejeune Gilbert Lamy Delaunay Pasquier Carlier Laporte
    Nguyen Diallo Traoré Haddad Benali Cissé Kaya Pereira Ferreira Rossi Kowalski Nowak Ziegler Wagner
""".split()
STEMS = """
    Alb Ang Aub Bal Barb Bass Berl Bess Bign Blond Bod Bons Bouch Bourd Brass Bruch Cad Caill Cap Cass Chab
    Chamb Chant Chap Chauv Clav Cocq Cord Corb Coul Cour Crist Dag Daud Delm Desm Doss Drou Dup Dur Esc Fab
    Fav Ferr Flam Fou Fromm Gab Gail Gamb Gast God Gorr Gouj Grand Gren Guéd Guill Hamb Hard Haub Her Houd Jac
    Jacq Jar Joub Labr Lacr Lagr Lamb Land Lav Léon Lhom Loub Mac Maign Mall Marc Marg Mass Maub Merl Mig Mond
    Montag Mor Mouch Nad Naud Nog Od Oll Pag Paill Pap Pas Perch Pign Pinch Plant Pom Porch Pouj Prad Quen Rab
    Rag Ramb Raval Ren Ric Rob Roch Rond Sab Sal Sauv Ség Serr Sim Souch Tab Taill Tard Tex Thib Tour Trouv
    Vach Vaill Vall Verd Vign Vill Viv Yv
""".split()
ENDINGS = """
    ac adeau ais aison al an anne ard art at aud ault aut ay eau ec el elet elier elle ellier en ereau eret
    erie et eteau ette eux ian iaud ic ie ier ieux igny illon in ineau iot ois on onneau onnet ot oteau ou oux
    uel us y
""".split()
FIRST_NAMES = """
    Adèle Agnès Alain Alexandre Alice Amina Anaïs Antoine Arnaud Aurélie Baptiste Béatrice Benoît Brigitte
    Bruno Camille Carole Catherine Céline Chantal Charlotte Christian Christine Christophe Claire Clément
    Corinne Cyril Damien David Delphine Denis Didier Dominique Élise Élodie Émilie Emmanuel Éric Estelle
    Fabien Fabrice Fanny Fatima Florence Franck François Françoise Frédéric Gaëlle Gérard Gilles Grégory
    Guillaume Hélène Hugo Inès Isabelle Jacques Jean Jérôme Joël Jonathan Julie Julien Karim Karine Laetitia
    Laura Laurence Laurent Léa Lionel Louise Luc Lucie Ludovic Magali Manon Marc Marie Marion Martine Mathieu
    Maxime Mehdi Michel Mickaël Mohamed Monique Morgane Muriel Nadia Nathalie Nicolas Nicole Noémie Olivier
    Pascal Patrice Patricia Patrick Paul Pauline Philippe Pierre Quentin Rachid Raphaël Régis Rémi Romain
    Sabrina Samuel Sandrine Sébastien Serge Séverine Simon Sonia Sophie Stéphane Stéphanie Sylvain Sylvie Théo
    Thierry Thomas Valérie Vanessa Vincent Virginie Xavier Yann Yasmina Yves Zoé
""".split()
ONSETS = """
    Acti Aero Agri Alti Ami Api Aqua Arti Astra Avi Bio Brio Cali Capi Celi Clari Coti Cyti Dali Delta Digi
    Domi Dyna Eco Edi Elo Emi Ener Equi Evo Exa Fidu Flexi Geo Gira Heli Hori Idea Ima Info Inno Inter Kali
    Kine Lexi Logi Luma Magi Mari Medi Meta Mobi Moda Multi Natu Neo Nova Octo Omni Opti Ora Oxy Para Petro
    Pharma Photo Poly Prima Pro Quali Radi Rapi Robo Sani Sat Seni Sera Simi Sola Soni Speci Stra Suri Syno
    Tech Tele Terra Thermo Tri Uni Urba Vali Vega Veri Vita Voli Xylo Zeni
""".split()
MIDDLES = """
    ba be bo ca ce co da do fa fi ga go la le li lo ma me mi na ne no pa pi po ra re ri ro sa se si so ta te
    ti va ve vi xa
""".split()
FINISHES = """
    bel cap cis com dis dor fab form gel lab lia line lux mat med nat nel net nia nor pack plan plus quest ris
    rys sens sol son stra tec tel tis tra tron val via vox xis
""".split()
PLACES = several("""
    de la Gare|du Centre|du Marché|des Halles|de la Mairie|du Port|de l’Église|du Château|des Lilas
    de la Poste|de la République|du Parc|du Pont|de la Fontaine|du Moulin|des Remparts|du Théâtre
    de la Plage|du Stade|des Arts|de l’Europe|de la Liberté|du Faubourg|des Acacias|de la Paix|du Lac
    de la Forêt|des Écoles|du Vieux Port|de l’Horloge|Saint-Michel|Saint-Pierre|Saint-Martin
    Saint-Jacques|Saint-Nicolas|Notre-Dame|Sainte-Anne|Saint-Jean|Saint-Joseph|du Soleil|des Tilleuls
    de la Vallée|du Rond-Point|des Quatre Vents|de la Cathédrale|de l’Abbaye|du Beffroi
""")
GREAT_NAMES = several("""
    Jules Ferry|Jean Moulin|Victor Hugo|Marie Curie|Jean Jaurès|Louis Pasteur|Jacques Prévert|Émile Zola
    Louise Michel|Albert Camus|George Sand|Simone Veil|Antoine de Saint-Exupéry|Jean Rostand|Paul Éluard
    Arthur Rimbaud|Pablo Picasso|Marcel Pagnol|Jean Macé|Paul Langevin|Voltaire|Molière|Condorcet
    Lamartine|Olympe de Gouges|Joliot-Curie|Claude Monet|Robert Desnos|Léon Blum|Jean Monnet|La Fontaine
    Descartes
""")
LANDS = several("""
    Bellevue|Bois Joli|Champs Fleuris|Clos Normand|Grand Pré|Haute Lande|Longues Haies|Mas Blanc
    Mont Chauve|Moulin Neuf|Petite Roche|Pierre Levée|Quatre Chênes|Ruisseau Clair|Trois Fontaines
    Val Doré|Vieux Puits|Vigne Haute|Belle Étoile|Croix Blanche|Fosse Noire|Grange Rouge|Hauts Vents
    Joli Coteau|Maison Neuve|Noë Verte|Orme Creux
""")
SCIENCES = several("""
    chimie organique|physique des matériaux|biologie cellulaire|informatique|mathématiques appliquées
    géographie sociale|histoire médiévale|linguistique|économie régionale|écologie marine
    génie mécanique|neurosciences|virologie|droit public|psychologie du développement|robotique|catalyse
    astrophysique
""")
CAUSES = several("""
    sportive|culturelle|des parents d’élèves|de quartier|des amis du patrimoine|d’aide à domicile
    de sauvegarde de l’environnement|d’insertion par l’activité|des jeunes agriculteurs|de jumelage
    de gymnastique volontaire|musicale|des aînés ruraux|de chasse|théâtrale|de protection des animaux
""")
SECTORS = several("""
    Conseil|Ingénierie|Services|Industrie|Distribution|Solutions|Développement|Systèmes|Environnement
    Technologies|Formation|Logistique|Immobilier|Communication|Énergie|Bâtiment|Transports|Emballages
""")
# What the trade is called, and its activity.
TRADES = {
    "Garage": "45.20A",
    "Carrosserie": "45.20A",
    "Boulangerie": "10.71C",
    "Boulangerie Pâtisserie": "10.71C",
    "Plomberie": "43.22A",
    "Chauffage Sanitaire": "43.22A",
    "Électricité": "43.21A",
    "Électricité générale": "43.21A",
    "Menuiserie": "43.32A",
    "Ébénisterie": "43.32A",
    "Peinture": "43.34Z",
    "Maçonnerie": "43.99C",
    "Maçonnerie générale": "43.99C",
    "Transports": "49.41A",
    "Coiffure": "96.02A",
    "Salon de coiffure": "96.02A",
    "Paysages": "81.30Z",
    "Jardins": "81.30Z",
    "Nettoyage": "81.21Z",
    "Mécanique": "25.62B",
    "Fromagerie": "10.51C",
    "Imprimerie": "58.13Z",
    "Librairie": "58.13Z",
    "Immobilière": "68.20B",
    "Agence immobilière": "68.20B",
    "Clinique vétérinaire": "75.00Z",
    "Cabinet dentaire": "86.23Z",
    "Cabinet médical": "86.21Z",
    "Étude notariale": "69.10Z",
    "Expertise comptable": "69.20Z",
    "Auto-école": "85.59A",
    "Ambulances": "86.90B",
}
STREETS = several("""
    rue|avenue|boulevard|place|chemin|allée|route|impasse|quai|square
""")
# Country, towns, legal forms written in the name.
ABROAD = [
    ("DE", ("Berlin", "Hamburg", "München", "Köln", "Bremen"), ("GmbH", "AG")),
    ("BE", ("Bruxelles", "Liège", "Gand", "Namur"), ("SA", "SRL")),
    ("ES", ("Madrid", "Barcelona", "Valencia", "Sevilla"), ("SL", "SA")),
    ("IT", ("Milano", "Torino", "Roma", "Bologna"), ("SpA", "Srl")),
    ("GB", ("London", "Manchester", "Bristol", "Leeds"), ("Ltd", "PLC")),
    ("CH", ("Genève", "Lausanne", "Zürich", "Basel"), ("SA", "AG")),
    ("SE", ("Stockholm", "Göteborg", "Malmö", "Uppsala"), ("AB",)),
    ("CA", ("Montréal", "Québec", "Toronto", "Sherbrooke"), ("Inc",)),
]
FUNCTIONS = several("""
    Responsable des ressources humaines|Directeur technique|Directrice|Gérant|Gérante|Chef de projet
    Ingénieure d’études|Chargée de mission|Cadre de santé|Maire|Secrétaire générale|Comptable
""")
DEPARTMENTS = several("""
    Direction|Ressources humaines|Production|Informatique|Recherche|Accueil|Comptabilité|Études
""")


@dataclass(frozen=True)
class Kind:
    """Hosts of one sort: how often, how they are called, what the register says of them."""

    share: int
    names: str  # some patterns, | between; {…} is one of Maker.part
    legal_form: str
    activity: str
    headcounts: tuple[str, ...]
    prefixes: str = ""  # the legal forms that some write in the name, | between
    branches: int = 1  # at most, one SIREN for all
    once_a_town: bool = False  # large towns have no more of them than small ones
    without_siret: int = 0  # out of ten


TINY, SMALL = ("NN", "00", "01"), ("01", "02", "03", "11")
MIDDLE, BIG = ("11", "12", "21", "22"), ("32", "41", "42", "51")
LIMITED = "|||SARL |EURL |SAS |SASU "
KINDS = (
    *(
        Kind(
            10,
            f"{trade} {{family}}|{trade} {{first}} {{family}}|{trade} {{family}} et fils|{trade} {{place}}",
            "54",
            activity,
            SMALL,
            LIMITED,
        )
        for trade, activity in TRADES.items()
    ),
    Kind(
        150, "{coined} {sector}|{coined}|{coined} {town}|Groupe {coined}", "57", "70.22Z", MIDDLE, LIMITED, 12
    ),
    Kind(40, "{coined} Informatique|{coined} Conseil|{coined} {family}", "57", "62.02A", SMALL, LIMITED, 3),
    Kind(
        40, "{family} {family} Conseil|Cabinet {family}|{family} et associés", "57", "70.22Z", SMALL, LIMITED
    ),
    Kind(20, "{family} Architectes|Atelier d’architecture {family}", "54", "71.11Z", TINY, LIMITED),
    Kind(20, "Avocats {family} {family}|Cabinet d’avocats {family}", "65", "69.10Z", TINY, "|SCP |SELARL "),
    Kind(80, "{first} {family}|{family} {first}", "10", "47.73Z", TINY),
    Kind(15, "{land}|{family}|{place}", "65", "68.20B", TINY, "SCI "),
    Kind(70, "Ferme {family}|{land}|Ferme de {land}|{family} et fils", "65", "01.50Z", TINY, "|EARL |GAEC "),
    Kind(20, "Domaine {family}|Château {land}|Vignobles {family}", "65", "01.21Z", TINY, "|EARL |SCEA "),
    Kind(
        35,
        "Pharmacie {place}|Pharmacie {family}|Pharmacie {family} {family}",
        "65",
        "47.73Z",
        SMALL,
        "|SELARL ",
    ),
    Kind(
        40,
        "Restaurant {place}|Le Relais {place}|Brasserie {place}|Chez {first}",
        "54",
        "56.10A",
        SMALL,
        LIMITED,
    ),
    Kind(20, "Hôtel {place}|Hôtel {family}|Hôtel {land}", "57", "55.10Z", SMALL, LIMITED),
    Kind(20, "{coined} Distribution|Supermarché {family}", "57", "47.11D", MIDDLE, "|SAS ", 4),
    Kind(
        12,
        "Laboratoire {family}|Laboratoires {coined}|Biologie médicale {place}",
        "57",
        "86.90B",
        MIDDLE,
        "",
        6,
    ),
    Kind(
        6,
        "Banque {coined}|Caisse de crédit mutuel {of_town}|Mutuelle {coined}",
        "64",
        "65.12Z",
        MIDDLE,
        "",
        30,
    ),
    Kind(30, "Mairie {of_town}|Commune {of_town}|Ville {of_town}", "72", "84.11Z", MIDDLE, once_a_town=True),
    Kind(
        6, "Communauté de communes {of_town}|CC du Pays {of_town}", "73", "84.11Z", MIDDLE, once_a_town=True
    ),
    Kind(
        8,
        "Centre communal d’action sociale {of_town}|CCAS {of_town}",
        "73",
        "88.99B",
        SMALL,
        once_a_town=True,
    ),
    Kind(4, "Office de tourisme {of_town}|Médiathèque {of_town}", "72", "91.01Z", SMALL, once_a_town=True),
    Kind(
        3, "Tribunal judiciaire {of_town}|Sous-préfecture {of_town}", "71", "84.23Z", MIDDLE, once_a_town=True
    ),
    Kind(
        45, "École élémentaire {great}|École maternelle {great}|École primaire {great}", "72", "85.20Z", SMALL
    ),
    Kind(12, "Collège {great}|Collège privé {place}", "73", "85.31Z", MIDDLE),
    Kind(9, "Lycée {great}|Lycée professionnel {great}|Lycée technologique {great}", "73", "85.31Z", MIDDLE),
    Kind(1, "Université {of_town}|École d’ingénieurs {of_town}", "73", "85.42Z", BIG, once_a_town=True),
    Kind(1, "Institut universitaire de technologie {of_town}", "73", "85.42Z", BIG, once_a_town=True),
    Kind(5, "Laboratoire de {science} {of_town}|Institut de {science} {family}", "73", "72.19Z", MIDDLE),
    Kind(5, "Centre hospitalier {of_town}|Centre hospitalier {great}|CH {of_town}", "73", "86.10Z", BIG),
    Kind(
        1,
        "Centre hospitalier universitaire {of_town}|C.H.U. {of_town}",
        "73",
        "86.10Z",
        BIG,
        once_a_town=True,
    ),
    Kind(5, "Clinique {place}|Polyclinique {place}|Clinique {family}", "57", "86.10Z", MIDDLE, "|SA |SAS "),
    Kind(12, "EHPAD {land}|Résidence {place}|Maison de retraite {place}", "73", "87.10A", MIDDLE),
    Kind(
        60, "Association {cause} {of_town}|Amicale {cause} {of_town}", "92", "94.99Z", TINY, without_siret=6
    ),
    Kind(35, "Les Amis {of_town}|{coined} Association", "92", "94.99Z", TINY, without_siret=6),
    Kind(10, "Crèche {place}|Maison des jeunes et de la culture {of_town}", "92", "88.91A", SMALL),
)
FOREIGN_SHARE = 15
CAN_HIDE = {"10"}  # legal forms of natural persons: one in five asked the register to hide them


@dataclass(frozen=True)
class Town:
    """A commune, and how names of hosts write it."""

    postal_code: str
    city: str
    written: str
    of: str  # « de Caen », « du Havre », « d’Amiens »


def town_of(postal_code: str, city: str) -> Town:
    """Return a commune of the list (``LE HAVRE``, ``ST LO``, ``MARSEILLE 01``) with its name as people write it."""
    plain = re.sub(r" \d+$", "", city)
    spelled = [{"st": "saint", "ste": "sainte"}.get(word, word) for word in plain.lower().split()]
    written = "-".join(
        word if rank and word in SMALL_WORDS else word.capitalize() for rank, word in enumerate(spelled)
    )
    written = re.sub(r"\b([DdLl])-(?=[A-Z])", r"\1’", written)
    article, _, rest = written.partition("-")
    if article in ("Le", "La", "Les") and rest:
        written = f"{article} {rest}"
    if rest and article in ARTICLES:
        of = f"{ARTICLES[article]} {rest}"
    else:
        of = f"d’{written}" if written[0] in "AEIOUY" else f"de {written}"
    return Town(postal_code, city, written, of)


def siret(company: int, establishment: int) -> str:
    """Return the SIRET of a company's establishment: SIREN and SIRET both pass Luhn's sum."""
    siren = f"{company:08d}"
    siren += luhn.calc_check_digit(siren)
    number = f"{siren}{establishment:04d}"
    return number + luhn.calc_check_digit(number)


class Maker:
    """Makes hosts and contacts: the same ones for the same ``seed``, first company and towns."""

    def __init__(
        self,
        seed: int,
        first_company: int,
        communes: Sequence[tuple[str, str]],
        activities: Mapping[str, int],
        now: datetime,
    ) -> None:
        """``communes`` are postal codes and names, ``activities`` the keys of the NAF codes (rév. 2)."""
        self.random = Random(f"{seed} {first_company}")  # noqa: S311  not a secret
        self.company = first_company
        self.activities = activities
        self.now = now
        self.towns = [town_of(*commune) for commune in communes]
        size = {name: PER_LARGEST_TOWN // rank for rank, name in enumerate(LARGE_TOWNS, start=1)}
        # A town of several postal codes shares its hosts among them.
        plain = [re.sub(r" \d+$", "", town.city) for town in self.towns]
        codes = {name: plain.count(name) for name in LARGE_TOWNS}
        self.sizes = list(accumulate(max(1, size.get(name, 1) // (codes.get(name) or 1)) for name in plain))
        self.shares = list(accumulate([*(kind.share for kind in KINDS), FOREIGN_SHARE]))

    def one(self, choices: Sequence[str]) -> str:
        """Return one of some texts, drawn at random."""
        return self.random.choice(choices)

    def happens(self, once_in: int) -> bool:
        """Return True once in so many times, at random."""
        return self.random.randrange(once_in) == 0

    def family(self) -> str:
        """Return a common family name, or one that sounds like it."""
        return self.one(FAMILIES) if self.happens(2) else self.one(STEMS) + self.one(ENDINGS)

    def coined(self) -> str:
        """Return a name that a company made up."""
        middle = "" if self.happens(3) else self.one(MIDDLES)
        return self.one(ONSETS) + middle + self.one(FINISHES)

    def name(self, pattern: str, town: Town) -> str:
        """Return a name after a pattern, the parts in braces drawn at random."""
        return re.sub(r"{(\w+)}", lambda part: self.part(part[1], town), pattern)

    def part(self, name: str, town: Town) -> str:
        """Return what stands in the place of one pair of braces."""
        match name:
            case "family":
                return self.family()
            case "first":
                return self.one(FIRST_NAMES)
            case "coined":
                return self.coined()
            case "town":
                return town.written
            case "of_town":
                return town.of
        return self.one(
            {
                "place": PLACES,
                "great": GREAT_NAMES,
                "land": LANDS,
                "science": SCIENCES,
                "cause": CAUSES,
                "sector": SECTORS,
            }[name]
        )

    def hosts(self) -> Iterator[Organisation]:
        """Yield hosts without end, ready to be saved; the branches of a company one after the other."""
        while True:
            rank = self.random.choices(range(len(self.shares)), cum_weights=self.shares)[0]
            if rank == len(KINDS):
                yield self.foreign()
            else:
                yield from self.establishments(KINDS[rank])

    def establishments(self, kind: Kind) -> Iterator[Organisation]:
        """Yield the establishments of one company, its seat first."""
        seat, patterns = self.town(kind), kind.names.split("|")
        prefix = self.one(kind.prefixes.split("|"))
        base = self.name(self.one(patterns), seat)
        name = prefix + base if self.happens(2) else base
        acronym = initials(base) if self.happens(WITH_ACRONYM) else ""
        former = [self.name(self.one(patterns), seat)] if self.happens(WITH_FORMER_NAME) else []
        branches = (
            self.random.randint(2, kind.branches) if kind.branches > 1 and self.happens(WITH_BRANCHES) else 1
        )
        without_siret = self.random.randrange(10) < kind.without_siret
        for establishment in range(1, branches + 1):
            town = seat if establishment == 1 else self.town(kind)
            host = self.host(name, town, kind.legal_form, self.one(kind.headcounts))
            host.acronym, host.former_names = acronym, former
            host.naf_code_id = self.activities.get(kind.activity)
            if self.happens(WITH_TRADE_NAME):
                host.trade_name = f"{self.coined()} {town.written}" if self.happens(2) else self.coined()
            if without_siret:
                host.siret_exemption = Organisation.SiretExemption.ASSOCIATION
                host.local_identifier = f"W00{self.random.randrange(10**7):07d}"
            else:
                host.siret = siret(self.company, establishment)
            host.is_private = self.happens(5 if kind.legal_form in CAN_HIDE else PRIVATE)
            yield host
        self.company += 1

    def foreign(self) -> Organisation:
        """Return a company established abroad."""
        country, towns, forms = self.random.choice(ABROAD)
        city = self.one(towns)
        name = (
            f"{self.coined()} {self.one(forms)}" if self.happens(2) else f"{self.family()} {self.one(forms)}"
        )
        code = f"{self.random.randrange(10_000, 100_000)}"
        host = self.host(name, Town(code, city, city, city), "32", "NN")
        host.country = country
        host.siret_exemption = Organisation.SiretExemption.ABROAD
        host.local_identifier = f"{country}X{self.random.randrange(10**8):08d}"
        host.activity = self.one(SECTORS)
        return host

    def host(self, name: str, town: Town, legal_form: str, headcount: str) -> Organisation:
        """Return what all hosts have in common."""
        is_closed = self.happens(CLOSED)
        closed_on = NEVER_CLOSED_BEFORE + timedelta(days=self.random.randrange(DAYS_OF_CLOSURES))
        is_verified = not self.happens(UNVERIFIED)
        return Organisation(
            name=name,
            legal_form_id=legal_form,
            headcount_band_id=headcount,
            street=f"{self.random.randrange(1, 200)} {self.one(STREETS)} {self.one(PLACES)}",
            postal_code=town.postal_code,
            city=town.city,
            country="FR",
            phone=self.phone(),
            email=f"contact@{domain(name)}",
            is_open=not is_closed,
            closed_on=closed_on if is_closed else None,
            is_verified=is_verified,
            verified_at=self.now if is_verified else None,
            refreshed_at=self.now,  # the register is not asked about them: it knows none
            created_at=self.now,
            updated_at=self.now,
        )

    def contact(self, organisation: int, email: str) -> Contact:
        """Return somebody at the host of this key, at the domain of its address."""
        first_name, last_name = self.one(FIRST_NAMES), self.family()
        local = fold(f"{first_name} {last_name}").replace(" ", ".")
        return Contact(
            organisation_id=organisation,
            civility=self.one(Contact.Civility.values),
            first_name=first_name,
            last_name=last_name,
            function=self.one(FUNCTIONS),
            department=self.one(DEPARTMENTS),
            phone=self.phone(),
            email=f"{local}@{email.partition('@')[2]}",
            created_at=self.now,
        )

    def town(self, kind: Kind) -> Town:
        """Return a town, the large ones more often unless each has one host of this kind."""
        if kind.once_a_town:
            return self.random.choice(self.towns)
        return self.random.choices(self.towns, cum_weights=self.sizes)[0]

    def phone(self) -> str:
        """Return a number that ARCEP keeps for fiction."""
        return f"+33 2 61 91 {self.random.randrange(100):02d} {self.random.randrange(100):02d}"


def initials(name: str) -> str:
    """Return the acronym of a name of several words; nothing for the others."""
    spelled = words.spelled_out(words.telling(name))
    return "".join(word[0] for word in spelled).upper() if len(spelled) > 1 else ""


def domain(name: str) -> str:
    """Return an invented domain name for a host."""
    return f"{fold(name).replace(' ', '-')[:LONGEST_LABEL].strip('-')}.example"
