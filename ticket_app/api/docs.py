"""The interactive documentation. It is served from a package, so it works without the internet."""

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from ticket_app.api.gateway.page_policy import policy

FILES = "/api/docs/files"


def add_docs(api: FastAPI) -> None:
    """Serve Swagger UI at /api/docs."""
    page = get_swagger_ui_html(
        openapi_url="/api/openapi.json",
        title=f"{api.title}: REST",
        swagger_js_url=f"{FILES}/swagger-ui-bundle.js",
        swagger_css_url=f"{FILES}/swagger-ui.css",
        swagger_favicon_url=f"{FILES}/favicon-32x32.png",
        # By default Swagger UI sends the address of the desk to a validator on the internet.
        swagger_ui_parameters={"validatorUrl": None},
    )
    page.headers["Content-Security-Policy"] = policy([bytes(page.body).decode()])
    api.mount(FILES, StaticFiles(packages=[("fastapi_swagger", "resources")]))

    @api.get("/api/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return page
