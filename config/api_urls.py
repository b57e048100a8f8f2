from django.urls import include, path

import accounts.api.schema  # noqa: F401  (teaches the OpenAPI document our ways to sign in)
from accounts.api.keys import CurrentKey
from core.api import docs

urlpatterns = [
    path("v1/", include("wallet.api.urls")),
    path("v1/", include("savings.api.urls")),
    path("v1/", include("credit.api.urls")),
    path("v1/", include("accounts.api.organizations.urls")),
    path("v1/", include("accounts.api.webhooks.urls")),
    path("v1/api-keys/current", CurrentKey.as_view()),
    path("v1/schema", docs.schema, name="api_schema"),
    path("docs/", docs.docs, name="api_docs"),
    path("errors/", docs.error_list, name="api_errors"),
    path("errors/<str:code>", docs.error_page, name="api_error"),
]
