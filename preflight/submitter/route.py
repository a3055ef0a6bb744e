"""The ways to the service: whatever turns one payload into embeddings, so that a pipeline takes any of them.

| route | request | for |
|---|---|---|
| `Client` | `POST /v1.3/embed-v2`, media inline | everything that fits: up to 10 minutes, 36 MB of base64 |
| `TasksRoute(client)` | `POST /v1.3/embed-v2/tasks`, media inline | audio and video up to 4 hours, 36 MB |
| `AssetRoute(client, through=client)` | an asset, then `POST /v1.3/embed-v2` | up to 10 minutes, 4 GB |
| `AssetRoute(client, through=TasksRoute(client))` | an asset, then a task | up to 4 hours, 4 GB |
| `AutoRoute(client)` | whichever of the first, second and fourth a payload is made for | all of it |
| `BedrockRoute(runtime)` | `InvokeModel` of Amazon Bedrock | texts and images, 24.99 MB |
"""

from __future__ import annotations

from typing import Protocol

from preflight.limits import Route as Means
from preflight.payload import Payload
from preflight.submitter.embeddings import Embeddings


class Route(Protocol):
    """One way to the service."""

    @property
    def takes(self) -> frozenset[Means]:
        """Payloads of which profiles: see `Limits.route`."""

    def embed(self, payload: Payload, *, request: int = 1) -> Embeddings:
        """Send one payload. `request`: its number among those of its source, from 1, for the rows.

        Raises a SubmitError, or UnreadableError where the media changed since they were prepared.
        """
