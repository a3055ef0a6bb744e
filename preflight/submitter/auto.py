"""Every route to the service that a key alone opens, each for the payloads that are made for it."""

from __future__ import annotations

from preflight.limits import Route as Means
from preflight.payload import Payload
from preflight.submitter.assets import AssetRoute
from preflight.submitter.client import Client
from preflight.submitter.embeddings import Embeddings
from preflight.submitter.memory import Memory
from preflight.submitter.tasks import TasksRoute


class AutoRoute:
    """Sends each payload by its own route (`payload.route`): through `client` itself, as a task, or as an asset and
    then a task. Assets are deleted once they were embedded, unless `are_kept`; `left` names those that could not be.

    `memory` keeps what was made at the service for the next `embed` of the same, be it after a crash.

    Several threads may share one.
    """

    def __init__(self, client: Client, *, are_kept: bool = False, memory: Memory | None = None) -> None:
        self._client, self._are_kept = client, are_kept
        tasks = TasksRoute(client, memory=memory)
        self._assets = AssetRoute(client, through=tasks, is_kept=are_kept, memory=memory)
        self._routes: dict[Means, Client | TasksRoute | AssetRoute] = {
            "sync": client,
            "async": tasks,
            "asset": self._assets,
        }

    def remembering(self, memory: Memory) -> AutoRoute:
        """The same, through the same client, with that memory."""
        return AutoRoute(self._client, are_kept=self._are_kept, memory=memory)

    @property
    def takes(self) -> frozenset[Means]:
        return frozenset(self._routes)

    @property
    def left(self) -> tuple[str, ...]:
        """Ids of assets that should have been deleted and could not be."""
        return self._assets.left

    def embed(self, payload: Payload, *, request: int = 1) -> Embeddings:
        """As `Client.embed`. Raises what that route does."""
        return self._routes[payload.route].embed(payload, request=request)
