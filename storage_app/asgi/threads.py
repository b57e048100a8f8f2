"""The threads of files. A slow client waits outside: no thread is held between two steps."""

from core.threads import Threads

_files = Threads("files", 12)
# For what takes a processor for a second: however many ask for that, files go out meanwhile.
_pictures = Threads("pictures", 2)

blocking = _files.blocking
with_database = _files.with_database
slowly = _pictures.with_database
