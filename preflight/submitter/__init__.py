"""Request bodies → embeddings on the source's own timeline. httpx2 is loaded when a Client is made."""

from preflight.submitter.assets import AssetRoute
from preflight.submitter.bedrock import BedrockRoute
from preflight.submitter.client import BASE_URL, Client
from preflight.submitter.embeddings import Embeddings, Row
from preflight.submitter.route import Route
from preflight.submitter.tasks import TasksRoute

__all__ = ["BASE_URL", "AssetRoute", "BedrockRoute", "Client", "Embeddings", "Route", "Row", "TasksRoute"]
