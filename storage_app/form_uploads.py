"""Files that come with a form: kept on disk while they come, and no more of them than a form may bring."""

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest

_MARK = "form_brought_too_much"


class WithinLimit(FileUploadHandler):
    """First of the handlers: stops the file that is too large. The form arrives without it (`brought_too_much`)."""

    def new_file(self, *args: object, **kwargs: object) -> None:
        super().new_file(*args, **kwargs)  # type: ignore[arg-type]
        self._seen = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self._seen += len(raw_data)
        if self._seen > settings.FORM_FILE_LIMIT:
            setattr(self.request, _MARK, True)
            raise StopUpload(connection_reset=False)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


def brought_too_much(request: HttpRequest) -> bool:
    return bool(getattr(request, _MARK, False))
