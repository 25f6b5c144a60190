"""The end of a stage: the manager records what the host declared, the student takes the certificate."""

import io

import time_machine
from playwright.sync_api import expect
from pypdf import PdfReader

from conventions.models import Convention, Status

TITLE = "Thomas Ferrand chez Laboratoires Vauquelin"
RECORD = "Enregistrer la fin du stage"
MAKE = "Enregistrer et faire l’attestation"


def test_the_end_of_a_stage_and_its_certificate(people, worker):
    signed = Convention.objects.get(status=Status.SIGNED, student__user__last_name="Ferrand")
    with time_machine.travel(signed.end):
        manager = people("nathalie.rousseau")
        manager.goes_to(signed.get_absolute_url())
        manager.sees(TITLE)
        manager.follows(RECORD)
        manager.sees(RECORD)
        manager.reads("Ces valeurs sont celles du plan")
        manager.writes("Heures de présence effective", "400")
        manager.writes("Total de la gratification versée", "1 000")
        manager.writes("Déclaré par", "Hélène Bossard")
        manager.writes("Sa fonction", "Directrice générale")
        manager.presses(MAKE)
        manager.sees(RECORD)
        manager.reads("Demandez ces valeurs à l’organisme", within=manager.page.get_by_role("alert"))
        manager.ticks("L’organisme m’a déclaré ces valeurs : ce ne sont pas seulement celles du plan")
        manager.presses(MAKE)
        manager.sees(RECORD)
        manager.reads("La gratification versée est trop faible")
        manager.presses(MAKE)
        manager.sees(TITLE)
        manager.reads("Fin de stage enregistrée")
        manager.follows("Corriger la fin du stage")
        manager.sees("Corriger la fin du stage")

        student = people("thomas.ferrand")
        student.goes_to(signed.get_absolute_url())
        link = student.find("link", "Attestation de stage (PDF)")
        student.reloads_until(link)
        student.sees(TITLE)
        expect(student.find("link", "Corriger la fin du stage")).to_have_count(0)
        answer = student.page.request.get(link.get_attribute("href"))
        assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
        text = " ".join(PdfReader(io.BytesIO(answer.body())).pages[0].extract_text().split())
        assert "400 h de présence" in text
        assert "1 000,00 € au total" in text
