from django.urls import path

from storage_app.wire import buckets
from storage_app.wire.base import Nothing

urlpatterns = [
    path("bucket", buckets.Buckets.as_view()),
    path("bucket/<str:id>", buckets.OneBucket.as_view()),
    path("bucket/<str:id>/end-signed-urls", buckets.EndSigned.as_view()),
    path("<path:rest>", Nothing.as_view()),
]
