"""PDFs that carry electronic signatures, made on the spot with certificates that nobody vouches for."""

import functools
import io
import warnings
from datetime import UTC, datetime

from asn1crypto import keys, x509
from cryptography import x509 as certificates
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko_certvalidator.registry import SimpleCertificateStore


@functools.cache
def signer(name="Hélène Ferrand", organisation="Ateliers du Bocage"):
    """Whoever signs, by a certificate made for them and by them."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    who = certificates.Name(
        [
            certificates.NameAttribute(NameOID.COMMON_NAME, name),
            certificates.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
        ]
    )
    certificate = (
        certificates.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
        .add_extension(
            certificates.KeyUsage(
                digital_signature=True,
                content_commitment=True,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=False,
                crl_sign=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )
    read = x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))
    private = keys.PrivateKeyInfo.load(
        key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return signers.SimpleSigner(
        signing_cert=read, signing_key=private, cert_registry=SimpleCertificateStore.from_certs([read])
    )


def sign(content, field="Signature", password=None, **who):
    """Return a PDF with one more signature, appended to it."""
    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    if password is not None:
        writer.encrypt(password)
    if field.startswith("visible"):
        fields.append_signature_field(writer, fields.SigFieldSpec(field, box=(20, 20, 120, 60)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the loop that pyHanko opens and leaves
        signed = signers.sign_pdf(
            writer, signers.PdfSignatureMetadata(field_name=field), signer=signer(**who)
        )
    return signed.getvalue()


def amended(content, change):
    """Return a PDF with a change appended to it, as a reader that fills, comments or forges it does."""
    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    change(writer)
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()
