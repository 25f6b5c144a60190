"""Numbers of the law that institutions may tighten and never loosen: their columns and its rules read them here."""

# Trainees that one referent follows at a time (article D124-3 of the Code de l’éducation).
REFERENT_LIMIT = 24
# Two months of presence, in hours, above which gratification is due (articles L124-6 and D124-6).
TWO_MONTHS = 308
# Years after the stage to buy quarters of pension, with its certificate (article L351-17 CSS).
YEARS_OF_PENSION_CLAIMS = 2
