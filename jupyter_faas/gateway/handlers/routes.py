"""What answers which path."""

from __future__ import annotations

from typing import Final

from tornado.web import Application

from jupyter_faas.gateway.handlers import caps, documents, history, versions
from jupyter_faas.gateway.handlers import management as api
from jupyter_faas.gateway.handlers.base import FaasHandler, NotFoundHandler
from jupyter_faas.gateway.handlers.server import call_server
from jupyter_faas.gateway.handlers.site import Site
from jupyter_faas.gateway.handlers.web import WebRequest
from jupyter_faas.gateway.http.server import Server

__all__ = ["gateway_server", "make_application"]

_NAME: Final = r"([A-Za-z_][A-Za-z0-9_-]*)"


def gateway_server(site: Site, idle_seconds: float, body_seconds: float) -> Server:
    """Serves all that a gateway has: calls, and the web application for all else."""
    application = make_application(site)
    return call_server(
        site.for_calls,
        lambda exchange, connection: WebRequest(application, exchange, connection),
        idle_seconds,
        body_seconds,
    )


def make_application(site: Site) -> Application:
    """Answers all that isn't a call."""
    routes: list[tuple[str, type[FaasHandler]]] = [
        (r"/healthz", api.HealthHandler),
        (r"/readyz", api.ReadyHandler),
        (r"/metrics", api.MetricsHandler),
        (r"/api/v1/gateway", api.GatewayHandler),
        (r"/api/v1/shutdown", api.ShutdownHandler),
        (r"/api/v1/bundles/([^/]+)", api.BundleHandler),
        (r"/api/v1/builds/([^/]+)", api.BuildHandler),
        (r"/api/v1/invocations", history.HistoryHandler),
        (r"/api/v1/invocations/([^/]+)", history.InvocationHandler),
        (r"/api/v1/invocations/([^/]+)/recording", history.RecordingHandler),
        (r"/api/v1/invocations/([^/]+)/notebook", api.PartialNotebookHandler),
        (r"/api/v1/overview", history.OverviewHandler),
        (r"/api/v1/functions", api.FunctionsHandler),
        (rf"/api/v1/functions/{_NAME}", api.FunctionHandler),
        (rf"/api/v1/functions/{_NAME}@([A-Za-z0-9_.-]+)", versions.SelectedHandler),
        (rf"/api/v1/functions/{_NAME}/versions", versions.VersionsHandler),
        (rf"/api/v1/functions/{_NAME}/versions/([0-9]+)", versions.VersionHandler),
        (rf"/api/v1/functions/{_NAME}/versions/([0-9]+)/changes", versions.ChangesHandler),
        (rf"/api/v1/functions/{_NAME}/aliases", versions.AliasesHandler),
        (rf"/api/v1/functions/{_NAME}/aliases/([^/]+)", versions.AliasHandler),
        (r"/api/v1/disk", versions.DiskHandler),
        (r"/api/v1/prune", versions.PruneHandler),
        (rf"/api/v1/functions/{_NAME}/deletion", versions.DeletionHandler),
        (rf"/api/v1/functions/{_NAME}/rollback", versions.RollbackHandler),
        (rf"/api/v1/functions/{_NAME}/activity", history.ActivityHandler),
        (rf"/api/v1/functions/{_NAME}/caps", caps.CapsHandler),
        (rf"/api/v1/functions/{_NAME}/errors", history.ErrorsHandler),
        (rf"/api/v1/functions/{_NAME}/invocations", history.InvocationsHandler),
        (rf"/api/v1/functions/{_NAME}/lock", api.LockHandler),
        (rf"/api/v1/functions/{_NAME}/logs", history.LogsHandler),
        (rf"/api/v1/functions/{_NAME}/openapi\.json", documents.FunctionDocumentHandler),
        (rf"/api/v1/functions/{_NAME}/form", documents.FormHandler),
        (r"/openapi\.json", documents.DocumentHandler),
        (r"/docs", documents.DocsHandler),
        (r"/docs/([a-z-]+\.(?:js|css))", documents.DocsFileHandler),
    ]
    return Application(
        [(path, handler, {"site": site}) for path, handler in routes],
        default_handler_class=NotFoundHandler,
        default_handler_args={"site": site},
        log_function=lambda _: None,  # calls are recorded in the store, not in a log file
    )
