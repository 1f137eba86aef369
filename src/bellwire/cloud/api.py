"""The account API as an application: REST over the account and what is its, with OpenAPI at /schema.

It knows which routes there are and who may use them; it must not know what they do.
"""

from typing import Any

from litestar import Litestar, Router
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from bellwire import __version__
from bellwire.cloud.account_routes import AccountController
from bellwire.cloud.activity import note_success, tell_devices
from bellwire.cloud.alert_api import AlertsController
from bellwire.cloud.calendar_api import CalendarController, CalendarsController
from bellwire.cloud.consent import AgreementController, ApprovalsController, AuthorizationsController
from bellwire.cloud.device_api import DeviceController, DevicesController
from bellwire.cloud.problems import HANDLERS
from bellwire.cloud.services import API_PATH, Services


async def _authenticate(connection: ASGIConnection[Any, Any, Any, Any], _: Any) -> None:
    if connection.scope["path"].startswith(API_PATH):
        services: Services = connection.app.state.services
        connection.scope["user"] = await services.tokens.identity(connection.headers.get("authorization"))


def account_api(services: Services) -> Litestar:
    """The account API as an ASGI application."""
    consent = Router(API_PATH, route_handlers=[AuthorizationsController, ApprovalsController, AgreementController])
    single = Router(API_PATH, route_handlers=[DeviceController, AccountController, CalendarController])
    files = Router(
        API_PATH,
        route_handlers=[CalendarsController],
        request_max_body_size=services.limits.calendar,
        tags=["calendars"],
    )
    bearer = SecurityScheme(type="http", scheme="bearer", description="An account's token")
    return Litestar(
        [AlertsController, DevicesController, consent, single, files],
        before_send=[note_success],
        after_response=tell_devices,
        state=State({"services": services}),
        guards=[_authenticate],
        exception_handlers=HANDLERS,
        openapi_config=OpenAPIConfig(
            title="Bellwire account API",
            version=__version__,
            components=Components(security_schemes={"bearer": bearer}),
            security=[{"bearer": []}],
            render_plugins=[JsonRenderPlugin()],
        ),
        request_max_body_size=services.limits.api_body,
        logging_config=None,
    )
