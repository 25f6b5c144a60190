"""Time per printed agreement, tagged, as a ratio to warm Chromium printing the same HTML in the same run."""

import os
import shutil
import statistics
import time

import django
from playwright.sync_api import sync_playwright

# Each has the machine to itself for a few prints, in turns: what else runs slows them alike.
TURNS, RUNS, WARM_UP = 3, 14, 2
REST = 0.3  # seconds, for the processes of the one before to settle
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "pstage.settings"
    os.environ["PSTAGE_ENVIRONMENT"] = "development"
    django.setup()
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        print(f"\n{'PDF balisé':<32} {'médiane':>9} {'meilleur':>9} {'rapport':>9}   (objectif : 1,50)")
        for label, pages, rivals in contestants(browser.new_page()):
            times = measure(rivals)
            reference = statistics.median(times["Chromium"])
            print(f"{label}, {pages} pages")
            for name, measured in times.items():
                median = statistics.median(measured)
                print(f"  {name:<30} {median:>6.0f} ms {min(measured):>6.0f} ms {median / reference:>9.2f}")
        browser.close()


def contestants(page):
    """Yield, for three agreements, a label, the number of pages and the ways to print it."""
    from django.template.loader import get_template

    from conventions import documents
    from conventions.documents import pdf
    from tests.conventions import specimen

    css = get_template("conventions/pdf/agreement.css").template.source
    for label, convention in [
        ("Stage en France", specimen.specimen()),
        ("Organisme public", specimen.public()),
        ("À l’étranger, deux langues", specimen.abroad()),
    ]:
        context = documents.printable(convention)
        html = documents.render_html(context, draft=False)
        styled = html.replace("</head>", f"<style>{css}</style></head>")

        def chromium(html=styled):
            page.set_content(html)
            return page.pdf(tagged=True, outline=True, prefer_css_page_size=True)

        def pstage(context=context):
            return documents.render_pdf(context, draft=False)

        def plain(html=html):
            return pdf.lay_out(html).write_pdf(pdf_variant=pdf.VARIANT)

        rivals = {"Chromium": chromium, "pstage": pstage, "pstage, articles repeints": plain}
        yield label, len(pdf.lay_out(html).pages), rivals


def measure(rivals):
    """Return milliseconds by name."""
    times = {name: [] for name in rivals}
    for _ in range(TURNS):
        for name, make in rivals.items():
            time.sleep(REST)
            for run in range(RUNS):
                start = time.perf_counter()
                make()
                if run >= WARM_UP:
                    times[name].append((time.perf_counter() - start) * 1000)
    return times


if __name__ == "__main__":
    main()
