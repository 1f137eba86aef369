"""What became of an alert as a route of the account API. It knows requests and answers only."""

from typing import Annotated

from litestar import Controller, get
from litestar.params import FromPath, Parameter

from bellwire.cloud.history import PAGE, HistoryPage, load_known, page_of, place_of
from bellwire.cloud.problems import refusals
from bellwire.cloud.services import Asked, services_of


class HistoryController(Controller):
    """Whether an alert rang."""

    path = "/alerts/{token:str}/history"
    tags = ("alerts",)

    @get(summary="See whether an alert rang", responses=refusals(404, 422))
    async def show(
        self,
        token: FromPath[str],
        request: Asked,
        after: Annotated[str | None, Parameter(description="`next` of the page before")] = None,
        limit: Annotated[int, Parameter(ge=1, le=PAGE)] = PAGE,
    ) -> HistoryPage:
        """How an alert stands on each device now, and whether it rang, when, how late, and if not, why not.

        What became of it is kept for 90 days, also when the alert was deleted.
        """
        services = services_of(request)
        known = await services.store.read(load_known, request.user.account_id, token, place_of(after), limit)
        return page_of(known, limit, services.clock(), services.limits.past_due)
