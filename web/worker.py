"""A gunicorn worker that gives a thread only to a request that has arrived as a whole.

Gunicorn's threaded worker reads a request in the thread that answers it and waits for the client as long as
the client likes, so that a few clients that send a byte now and then, or never read their answers, hold all
threads for ever. Here the one loop that polls the sockets also collects the requests: head and body must
each be complete in time, a thread then reads from memory, and what it writes must be taken. A connection
that needs no thread is dropped, the oldest first, where a new one would find no room.

Plain HTTP/1 only: the worker knows nothing of gunicorn's own TLS, HTTP/2 and PROXY protocol.
"""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Buffer, Iterator
from functools import partial
from selectors import EVENT_READ
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Protocol

from gunicorn import http
from gunicorn.http.body import LengthReader
from gunicorn.http.errors import NoMoreData, ParseException
from gunicorn.workers.gthread import ThreadWorker
