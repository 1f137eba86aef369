"""The account API as an application: REST over the account and what is its, with OpenAPI at /schema.

It knows which routes there are and who may use them; it must not know what they do.
"""

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme

from bellwire import __version__
from bellwire.cloud.account_routes import AccountController
from bellwire.cloud.activity import note_success, tell_devices
from bellwire.cloud.alert_api import AlertsController
from bellwire.cloud.bodies import StrictRequest
from bellwire.cloud.bulk_api import BulkController
from bellwire.cloud.calendar_api import CalendarController, CalendarsController
from bellwire.cloud.change_api import ChangesController
from bellwire.cloud.change_view import ChangeView
from bellwire.cloud.consent import AgreementController, ApprovalsController, AuthorizationsController
from bellwire.cloud.device_api import DeviceController, DevicesController
from bellwire.cloud.doors import Door, name_methods
from bellwire.cloud.etags import EntityTags
from bellwire.cloud.history_api import HistoryController
from bellwire.cloud.idempotency import Idempotency
from bellwire.cloud.openapi import DocumentPlugin
from bellwire.cloud.problems import HANDLERS
from bellwire.cloud.services import API_PATH, Services


def account_api(services: Services) -> Litestar:
    """The account API as an ASGI application."""
    consent = Router(API_PATH, route_handlers=[AuthorizationsController, ApprovalsController, AgreementController])
    single = Router(
        API_PATH, route_handlers=[DeviceController, AccountController, CalendarController, HistoryController]
    )
    files = Router(
        API_PATH,
        route_handlers=[CalendarsController],
        request_max_body_size=services.limits.calendar,
        tags=["calendars"],
    )
    bearer = SecurityScheme(type="http", scheme="bearer", description="An account's token")
    most = max(services.limits.api_body, services.limits.bulk_body, services.limits.calendar)
    return Litestar(
        [AlertsController, BulkController, DevicesController, ChangesController, consent, single, files],
        before_send=[note_success, name_methods],
        request_class=StrictRequest,
        after_response=tell_devices,
        state=State({"services": services}),
        middleware=[
            Door(API_PATH, services.tokens, services.limits.requests, services.clock),
            Idempotency(API_PATH, services.store, most, services.clock),
            EntityTags(API_PATH),
        ],
        exception_handlers=HANDLERS,
        openapi_config=OpenAPIConfig(
            title="Bellwire account API",
            version=__version__,
            components=Components(security_schemes={"bearer": bearer}),
            security=[{"bearer": []}],
            render_plugins=[DocumentPlugin(API_PATH, ChangeView)],
        ),
        request_max_body_size=services.limits.api_body,
        logging_config=None,
    )
