from django.urls import path

from storage_app.wire import buckets, jobs, listing, objects, signing
from storage_app.wire.base import Nothing
from storage_app.wire.public import Health, Status, Version

urlpatterns = [
    path("status", Status.as_view()),
    path("version", Version.as_view()),
    path("health", Health.as_view()),
    path("bucket", buckets.Buckets.as_view()),
    path("bucket/<str:id>", buckets.OneBucket.as_view()),
    path("bucket/<str:id>/end-signed-urls", buckets.EndSigned.as_view()),
    path("bucket/<str:id>/empty", jobs.Empty.as_view()),
    path("object/move", objects.Move.as_view()),
    path("object/copy", objects.Copy.as_view()),
    path("object/list/<str:bucket_id>", listing.List.as_view()),
    path("object/list-v2/<str:bucket_id>", listing.ListByCursor.as_view()),
    path("object/info/public/<str:bucket_id>/<path:name>", objects.PublicInfo.as_view()),
    path("object/info/authenticated/<str:bucket_id>/<path:name>", objects.Info.as_view()),
    path("object/info/<str:bucket_id>/<path:name>", objects.Info.as_view()),
    path("object/sign/<str:bucket_id>", signing.SignMany.as_view()),
    path("object/sign/<str:bucket_id>/<path:name>", signing.Sign.as_view()),
    path("object/upload/sign/<str:bucket_id>/<path:name>", signing.SignUpload.as_view()),
    path("object/<str:bucket_id>", objects.Many.as_view()),
    path("object/<str:bucket_id>/<path:name>", objects.One.as_view()),
    path("versions/<str:bucket_id>/<path:name>", objects.Versions.as_view()),
    path("restore/<str:bucket_id>/<path:name>", objects.Restore.as_view()),
    path("jobs", jobs.Jobs.as_view()),
    path("jobs/<uuid:id>", jobs.Job.as_view()),
    path("<path:rest>", Nothing.as_view()),
]
