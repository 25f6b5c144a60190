"""The electronic signatures of a PDF: who, when, and whether the file is still what was signed. Trust is not judged."""

from __future__ import annotations

import io
from datetime import UTC
from typing import Any, TypedDict

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

MOST_SEALS = 20
LONGEST = 120
WHOLE, EARLIER, ALTERED, UNREAD = "whole", "earlier", "altered", "unread"


class Seal(TypedDict):
    """One signature, as stored: ``state`` is one of the four above, ``at`` the time it declares (ISO), or nothing."""

    kind: str
    signer: str
    organisation: str
    issuer: str
    at: str
    state: str


def read(content: bytes) -> list[Seal]:
    """Return the signatures of a PDF, the first one first; raises what pyHanko raises when it cannot be read."""
    reader = PdfFileReader(io.BytesIO(content))
    if reader.encrypted:
        reader.decrypt("")
    return [_seal(one) for one in reader.embedded_signatures[:MOST_SEALS]]


def _seal(embedded: EmbeddedPdfSignature) -> Seal:
    is_timestamp = embedded.sig_object_type == "/DocTimeStamp"
    found: Seal = {
        "kind": "timestamp" if is_timestamp else "signature",
        "signer": "",
        "organisation": "",
        "issuer": "",
        "at": "",
        "state": UNREAD,
    }
    try:
        subject = embedded.signer_cert.subject.native
        issuer = embedded.signer_cert.issuer.native
        found["signer"] = _words(subject.get("common_name") or subject.get("surname"))
        found["organisation"] = _words(subject.get("organization_name"))
        found["issuer"] = _words(issuer.get("common_name") or issuer.get("organization_name"))
        found["state"], at = _judged(embedded, is_timestamp=is_timestamp)
        found["at"] = at.astimezone(UTC).isoformat() if at else ""
    except Exception:  # what pyHanko raises of a file made to mislead it is not listed
        found["state"] = UNREAD
    return found


def _judged(embedded: EmbeddedPdfSignature, *, is_timestamp: bool) -> tuple[str, Any]:
    """Return the state of a signature and the time it declares, by its own certificate: no root is trusted here."""
    nobody = ValidationContext(trust_roots=[], allow_fetching=False)
    if is_timestamp:
        status: Any = validate_pdf_timestamp(embedded, nobody)
        at = status.timestamp
    else:
        status = validate_pdf_signature(embedded, nobody)
        at = status.signer_reported_dt
    if not (status.intact and status.valid) or status.docmdp_ok is False:
        return ALTERED, at
    if status.modification_level is None or status.modification_level == ModificationLevel.OTHER:
        return ALTERED, at
    if status.coverage == SignatureCoverageLevel.ENTIRE_FILE:
        return WHOLE, at
    return (EARLIER if status.coverage == SignatureCoverageLevel.ENTIRE_REVISION else ALTERED), at


def _words(said: object) -> str:
    """Return what a certificate says, on one line, without what deceives a reader."""
    text = " ".join(map(str, said)) if isinstance(said, list) else str(said or "")
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:LONGEST]
