"""Time per printed agreement, tagged, as a ratio to warm Chromium printing the same HTML in the same run."""

import os
import shutil
import statistics
import time

import django
from playwright.sync_api import Browser, sync_playwright

TURNS, RUNS, WARM_UP = 2, 20, 3
REST = 1  # second
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
        print(f"\n{'PDF balisé':<32} {'médiane':>9} {'p95':>9} {'rapport':>9}   (objectif : 1,50)")
        for label, pages, rivals in contestants(browser):
            times = measure(rivals)
            reference = statistics.median(times["Chromium"])
            print(f"{label}, {pages} pages")
            for name, measured in times.items():
                median, p95 = statistics.median(measured), statistics.quantiles(measured, n=20)[-1]
                print(f"  {name:<30} {median:>6.0f} ms {p95:>6.0f} ms {median / reference:>9.2f}")
        browser.close()


def contestants(browser: Browser):
    """Yield, for three agreements, a label, the number of pages and the ways to print it."""
    from django.template.loader import get_template

    from conventions import documents
    from conventions.documents import pdf
    from tests.conventions import specimen

    css = get_template("conventions/pdf/agreement.css").template.source
    warm = browser.new_page()
    for label, convention in [
        ("Stage en France", specimen.specimen()),
        ("Organisme public", specimen.public()),
        ("À l’étranger, deux langues", specimen.abroad()),
    ]:
        context = documents.printable(convention)
        html = documents.render_html(context, draft=False)
        styled = html.replace("</head>", f"<style>{css}</style></head>")

        def chromium(page=warm, styled=styled):
            page.set_content(styled)
            return page.pdf(tagged=True, outline=True, prefer_css_page_size=True)

        def fresh(styled=styled):
            page = browser.new_page()
            chromium(page, styled)
            page.close()

        yield (
            label,
            len(pdf.lay_out(html).pages),
            {
                "Chromium": chromium,
                "Chromium, un onglet par document": fresh,
                "pstage": lambda context=context: documents.render_pdf(context, draft=False),
                "pstage, sans articles gardés": lambda html=html: pdf.lay_out(html).write_pdf(
                    pdf_variant=pdf.VARIANT
                ),
            },
        )


def measure(rivals):
    """Return milliseconds by name. Each has the machine to itself, in turns, once its processes are at rest."""
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
