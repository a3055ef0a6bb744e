"""Request bodies → embeddings on the source's own timeline. httpx2 is loaded when a Client is made."""

from preflight.submitter.answer import DIMENSION
from preflight.submitter.client import BASE_URL, Client
from preflight.submitter.embeddings import Embeddings, Row

__all__ = ["BASE_URL", "DIMENSION", "Client", "Embeddings", "Row"]
