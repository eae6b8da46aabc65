"""The Explore Education Statistics API: find a publication, its data sets, and fetch one as CSV.

Follows the publisher's OpenAPI description, version 1. The other end is not trusted: every answer
has a size, a type and a time it must keep to, and a redirect may not leave the host.
"""

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urljoin, urlsplit
from uuid import UUID

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.util import Retry

from oxcare_analysis.intake.settings import MONTH
from oxcare_analysis.intake.text import LARGEST_FILE_BYTES
from oxcare_analysis.words.errors import DataError, RunError, UsageError

ADDRESS = "https://api.education.gov.uk/statistics/v1"
LOOPBACK = ("127.0.0.1", "::1", "localhost")
SECONDS_TO_CONNECT, SECONDS_OF_SILENCE, SECONDS_IN_ALL = 10, 60, 600
LONGEST_WAIT_SECONDS = 120  # longer than that and the next month is soon enough
ATTEMPTS = 4
BACKOFF = 1  # seconds, doubled at each attempt, where the service does not say how long to wait
LARGEST_ANSWER_BYTES = 5_000_000
MOST_REDIRECTS = 3
MOST_PAGES = 50
PIECE_BYTES = 65_536
PUBLISHED = "Published"
VERSION = re.compile(r"\d+(\.\d+){1,2}")
PACKED = (
    "identity",
    "gzip",
    "deflate",
)  # one alone: packed twice, a thousand bytes can be a thousand million
T = TypeVar("T")


@dataclass(frozen=True)
class Publication:
    """A publication as the API lists it, with the month it last came out (YYYY-MM)."""

    id: str
    title: str
    month: str


@dataclass(frozen=True)
class DataSet:
    """A data set as the API lists it: its newest version, that version's month (YYYY-MM) and number
    of rows.
    """

    id: str
    title: str
    version: str
    month: str
    rows: int


class _Patience(Retry):
    """Waits as long as the server asks, up to a limit."""

    def sleep_for_retry(self, response) -> bool:
        asked = self.get_retry_after(response)
        if asked and asked > LONGEST_WAIT_SECONDS:
            raise RunError(
                "The statistics service is busy and asks not to be tried again for more than "
                f"{LONGEST_WAIT_SECONDS} seconds. Nothing was added; run again later."
            )
        return super().sleep_for_retry(response)


class Api:
    """A connection to the API at `address` (https, or http on this machine only)."""

    def __init__(self, address: str = ADDRESS):
        try:
            parts = urlsplit(address)
        except ValueError:  # "https://["
            parts = urlsplit("")
        here = parts.hostname in LOOPBACK
        if not (parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and here))):
            raise UsageError(
                f"The address {address!r} cannot be used; expected one that begins with https://."
            )
        self._address = address.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = not here  # a council's proxy is for the outside
        retries = _Patience(
            total=ATTEMPTS - 1,
            status_forcelist=(429, 502, 503, 504),
            allowed_methods={"GET"},
            backoff_factor=BACKOFF,
            raise_on_status=False,
        )
        self._session.mount(f"{parts.scheme}://", HTTPAdapter(max_retries=retries))
        self._session.headers.update(
            {"User-Agent": "oxcare_analysis", "Accept-Encoding": "gzip, deflate"}
        )

    def publication(self, title: str) -> Publication:
        """The publication of this title. Raises DataError unless there is exactly one."""
        found = self._all("/publications", _publication, search=title, pageSize=40)
        same = [p for p in found if plain(p.title) == plain(title)]
        if len(same) != 1:
            raise DataError(
                f"The statistics service lists {len(same)} publications called {title!r}; expected"
                f" one. It found: {'; '.join(p.title for p in found) or 'nothing'}. If the"
                " publication was renamed, change its title in"
                " oxcare_analysis/update/data_sets.yml."
            )
        return same[0]

    def data_sets(self, publication: Publication) -> list[DataSet]:
        """The published data sets of a publication that the service offers."""
        listed = self._all(f"/publications/{publication.id}/data-sets", _data_set, pageSize=20)
        return [data_set for data_set in listed if data_set]

    def fetch(self, data_set: DataSet, folder: Path) -> Path:
        """Put the CSV of a data set's newest version into `folder`, whole, under a name of its
        own.
        """
        path = (
            folder
            / f"{re.sub(r'[^A-Za-z0-9]+', '_', data_set.title).strip('_')[:60]}_{data_set.version}.csv"
        )
        partial = path.with_name(path.name + ".part")
        with partial.open("wb") as file:
            for piece in self._get(
                f"/data-sets/{data_set.id}/csv",
                "text/csv",
                LARGEST_FILE_BYTES,
                dataSetVersion=data_set.version,
            ):
                file.write(piece)
        partial.replace(path)
        return path

    def _all(self, path: str, read: Callable[[dict], T], **query) -> list[T]:
        """Every entry of a list in pages, each read; raises RunError where the answer is not as
        described.
        """
        entries = []
        for page in range(1, MOST_PAGES + 1):
            content = b"".join(
                self._get(path, "application/json", LARGEST_ANSWER_BYTES, page=page, **query)
            )
            try:
                answer = json.loads(content)
                entries += [read(entry) for entry in answer["results"]]
                if page >= answer["paging"]["totalPages"]:
                    return entries
            except (
                ValueError,
                KeyError,
                TypeError,
                AttributeError,
                OverflowError,
                RecursionError,
            ) as problem:
                raise RunError(
                    f"The statistics service answered {path} in a form its description does not"
                    f" give ({type(problem).__name__}: {problem}). Nothing was added; the API may"
                    " have a new version."
                ) from None
        raise RunError(
            f"The statistics service has more than {MOST_PAGES} pages at {path}. Nothing was added."
        )

    def _get(self, path: str, kind: str, limit: int, **query) -> Iterator[bytes]:
        """The body of an answer in pieces; raises RunError unless it is of this kind, whole and
        within the limit.
        """
        deadline = time.monotonic() + SECONDS_IN_ALL
        size = 0
        try:
            with self._followed(self._address + path, query) as answer:
                self._check(answer, path, kind, limit)
                # read1 gives what has come: a server that drips is noticed, where read would wait
                # for a full piece.
                while piece := answer.raw.read1(PIECE_BYTES, decode_content=True):
                    size += len(piece)
                    if size > limit:
                        raise RunError(
                            f"The answer to {path} is over {limit:,} bytes; nothing this project"
                            " reads is. It was dropped and nothing was added."
                        )
                    if time.monotonic() > deadline:
                        raise RunError(
                            f"The answer to {path} was not complete after {SECONDS_IN_ALL} seconds."
                            " Nothing was added; run again later."
                        )
                    yield piece
        except (requests.exceptions.RequestException, ReadTimeoutError) as problem:
            raise RunError(
                f"The statistics service at {urlsplit(self._address).hostname} could not be"
                f" reached, or said nothing for {SECONDS_OF_SILENCE} seconds"
                f" ({type(problem).__name__}). Nothing was added; check the connection and run"
                " again."
            ) from None
        except HTTPError as problem:
            raise RunError(
                f"The answer to {path} was cut short or garbled after {size:,} bytes "
                f"({type(problem).__name__}). Nothing was added; run again."
            ) from None
        except (
            ValueError
        ) as problem:  # of a "location" that is no address, at which requests looks itself, say
            raise RunError(
                f"The statistics service answered {path} with something that cannot be read"
                f" ({problem}). Nothing was added; run again later."
            ) from None

    def _followed(self, address: str, query: dict) -> requests.Response:
        start = urlsplit(address)
        for _ in range(MOST_REDIRECTS + 1):
            answer = self._session.get(
                address,
                params=query,
                stream=True,
                allow_redirects=False,
                timeout=(SECONDS_TO_CONNECT, SECONDS_OF_SILENCE),
            )
            if not answer.is_redirect:
                return answer
            answer.close()
            address, query = urljoin(answer.url, answer.headers["location"]), {}
            there = urlsplit(address)
            if (there.scheme, there.netloc) != (start.scheme, start.netloc):
                raise RunError(
                    f"The statistics service sends {start.path} on to another host,"
                    f" {there.hostname!r}, which is not followed. Nothing was added. If the service"
                    " has moved, give its new address with --api."
                )
        raise RunError(
            f"The statistics service sends {start.path} on and on. Nothing was added; run again"
            " later."
        )

    def _check(self, answer: requests.Response, path: str, kind: str, limit: int) -> None:
        if answer.status_code == 404:
            raise DataError(
                f"The statistics service no longer has {path}. Nothing was added. Look at the"
                " publication on the publisher's site and correct"
                " oxcare_analysis/update/data_sets.yml."
            )
        if answer.status_code != 200:
            raise RunError(
                f"The statistics service answered {path} with {answer.status_code} {answer.reason},"
                f" {ATTEMPTS} times where trying again could help. Nothing was added; run again"
                " later."
            )
        found = answer.headers.get("content-type", "nothing").split(";")[0].strip().lower()
        if found != kind:
            raise RunError(
                f"The statistics service answered {path} with {found}; expected {kind}. Nothing was"
                " added. A proxy's or a maintenance page is the usual reason; run again later."
            )
        packed = answer.headers.get("content-encoding", PACKED[0]).strip().lower()
        if packed not in PACKED:
            raise RunError(
                f"The statistics service answered {path} packed as {packed}; expected"
                f" {', '.join(PACKED)}. Nothing was added; run again later."
            )
        claimed = answer.headers.get("content-length", "")
        if re.fullmatch(r"[0-9]{1,18}", claimed) and int(claimed) > limit:
            raise RunError(
                f"The answer to {path} says it is {int(claimed):,} bytes; nothing this project"
                f" reads is over {limit:,}. It was not fetched and nothing was added."
            )


def plain(title: str) -> str:
    """A title as it is compared: case and spacing apart."""
    return " ".join(str(title).split()).casefold()


def _month(moment: object) -> str:
    """The month of a date-time. What goes into an address, a file's name or the figures is
    checked.
    """
    month = str(moment)[:7]
    if not MONTH.fullmatch(month):
        raise ValueError(f"published {moment!r}")
    return month


def _publication(item: dict) -> Publication:
    return Publication(str(UUID(item["id"])), str(item["title"]), _month(item["lastPublished"]))


def _data_set(item: dict) -> DataSet | None:
    """One entry of the list; None where it is withdrawn or being discontinued."""
    title, status, newest = str(item["title"]), item["status"], item.get("latestVersion")
    if status != PUBLISHED or not newest:
        return None
    version = str(newest["version"])
    if not VERSION.fullmatch(version):
        raise ValueError(f"{title}: version {version!r}")
    return DataSet(
        str(UUID(item["id"])),
        title,
        version,
        _month(newest["published"]),
        int(newest["totalResults"]),
    )
