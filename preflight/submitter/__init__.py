"""Request bodies → embeddings on the source's own timeline. httpx2 is loaded when a Client is made."""

from preflight.submitter.answer import DIMENSION
from preflight.submitter.assets import AssetRoute
from preflight.submitter.async_client import AsyncClient
from preflight.submitter.auto import AutoRoute
from preflight.submitter.bedrock import BedrockRoute
from preflight.submitter.budget import Budget
from preflight.submitter.client import Client
from preflight.submitter.embeddings import Embeddings, Row
from preflight.submitter.route import Route
from preflight.submitter.tasks import TasksRoute
from preflight.submitter.wire import BASE_URL

__all__ = [
    "BASE_URL",
    "DIMENSION",
    "AssetRoute",
    "AsyncClient",
    "AutoRoute",
    "BedrockRoute",
    "Budget",
    "Client",
    "Embeddings",
    "Route",
    "Row",
    "TasksRoute",
]
