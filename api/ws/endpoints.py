"""`/v1/ws`: the route of the socket. Who may open it is decided before, by the same guards as for every request."""

from __future__ import annotations

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from api.dependencies import Services
from api.ws.socket import Socket
from core.access.principal import Principal


async def _serve(websocket: WebSocket) -> None:
    services: Services = websocket.app.state.services
    principal: Principal = websocket.scope["principal"]
    await Socket(websocket, services, principal).serve()


route = WebSocketRoute("/v1/ws", _serve, name="socket")
