"""The part of a kubelet's HTTPS API that `kubectl logs` needs."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from dev.cluster.node.credentials import Credentials
from dev.cluster.node.logs import ContainerLogs
from dev.cluster.node.status import HOST_ADDRESS

_LOGS = web.AppKey("logs", ContainerLogs)


@asynccontextmanager
async def serve_kubelet_api(port: int, credentials: Credentials, logs: ContainerLogs) -> AsyncIterator[None]:
    """Serve callers with a certificate of the cluster's authority on a loopback port, while the context is open."""
    application = web.Application()
    application[_LOGS] = logs
    application.router.add_get("/containerLogs/{namespace}/{pod}/{container}", _container_logs)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST_ADDRESS, port, ssl_context=_only_for_the_cluster(credentials)).start()
        yield
    finally:
        await runner.cleanup()


def _only_for_the_cluster(credentials: Credentials) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(credentials.authority))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(credentials.client.certificate, credentials.client.key)
    return context


async def _container_logs(request: web.Request) -> web.StreamResponse:
    logs = request.app[_LOGS]
    asked = request.match_info
    file = logs.file(asked["namespace"], asked["pod"], asked["container"])
    if not file.exists():
        raise web.HTTPNotFound(text=f"container {asked['container']} of pod {asked['pod']} has not started yet")
    last_lines = int(request.query["tailLines"]) if "tailLines" in request.query else None
    response = web.StreamResponse(headers={"Content-Type": "text/plain"})
    await response.prepare(request)
    async for chunk in logs.read(file, last_lines, follow=request.query.get("follow") == "true"):
        await response.write(chunk)
    return response
