"""The threads of sockets: few, since a step is a query or two, and of their own, so that files never starve them."""

from core.threads import Threads

threads = Threads("sockets", 4)
