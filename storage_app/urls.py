from django.urls import path

from storage_app import views

urlpatterns = [
    path("files/", views.file_list, name="files"),
    path("files/upload-right/", views.upload_right, name="upload_right"),
    path("files/<uuid:file_id>/", views.file_page, name="file"),
    path("files/<uuid:file_id>/upload-right/", views.replace_right, name="replace_right"),
    path("files/<uuid:file_id>/preview/", views.file_preview, name="file_preview"),
    path("files/<uuid:file_id>/download/", views.file_download, name="file_download"),
    path("files/<uuid:file_id>/delete/", views.file_delete, name="file_delete"),
    path("files/<uuid:file_id>/versions/<uuid:version_id>/restore/", views.file_restore, name="file_restore"),
]
