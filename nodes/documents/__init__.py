"""Documents: read, checked against their standard, and made ready to be committed to."""

from .model import Document, DocumentFacts, Finding, Form, Kind, PartyFacts, Role
from .read import read_document

__all__ = [
    "Document",
    "DocumentFacts",
    "Finding",
    "Form",
    "Kind",
    "PartyFacts",
    "Role",
    "read_document",
]
