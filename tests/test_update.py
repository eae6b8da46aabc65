"""New editions over a real connection: a local service that answers as the publisher's API is
described to.

Every figure it serves is simulated (see `official` in conftest.py).
"""

import gzip
import json
import os
import re
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid5

import pytest

from oxcare_analysis.intake import raw
from oxcare_analysis.tables import tables as tables_module
from oxcare_analysis.update import api as api_module
from oxcare_analysis.update import editions
from oxcare_analysis.update.api import Api
from oxcare_analysis.words import paths
from oxcare_analysis.words.errors import DataError, RunError, UsageError

C1 = "C1 Referrals and re-referrals to children's social care services by local authority"
D1 = "D1 Child Protection Plans by local authority"
PUBLICATION = "Children in need"
NAMESPACE = UUID("00000000-0000-4000-8000-000000000000")
YEARS = (2022, 2023, 2024, 2025)
TEN_GIGABYTES = 10_000_000_000


class Service:
    """The API: what it offers, what was asked of it, and faults planted by the end of a path."""

    def __init__(self):
        self.offered, self.asked, self.faults = {}, [], {}
        self.publications = [PUBLICATION, "Children in need: a focus on re-referrals"]
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                service.asked.append(self.path)
                for end, fault in service.faults.items():
                    if urlsplit(self.path).path.endswith(end) and fault(self):
                        return
                service.answer(self)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}/statistics/v1"

    def offer(self, title, path, version="1.0", published="2025-10-30", status="Published"):
        content = path.read_bytes()
        self.offered[title] = {
            "content": content,
            "version": version,
            "published": published,
            "status": status,
            "id": str(uuid5(NAMESPACE, title)),
            "rows": content.count(b"\n") - 1,
        }

    def answer(self, handler):
        parts = urlsplit(handler.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        path = parts.path.removeprefix("/statistics/v1")
        if path == "/publications":
            found = [t for t in self.publications if query["search"].casefold() in t.casefold()]
            return send_page(handler, query, [publication(title) for title in found], 40)
        if path == f"/publications/{uuid5(NAMESPACE, PUBLICATION)}/data-sets":
            return send_page(handler, query, [data_set(t, d) for t, d in self.offered.items()], 20)
        for one in self.offered.values():
            if path == f"/data-sets/{one['id']}/csv" and query["dataSetVersion"] == one["version"]:
                return send(handler, one["content"], "text/csv")
        return problem(handler, 404, "Not Found")


def publication(title):
    return {
        "id": str(uuid5(NAMESPACE, title)),
        "title": title,
        "slug": "a-slug",
        "summary": "A summary.",
        "lastPublished": "2025-10-30T09:30:00+00:00",
    }


def data_set(title, one):
    newest = {
        "version": one["version"],
        "published": f"{one['published']}T09:30:00+00:00",
        "totalResults": one["rows"],
        "file": {"id": str(uuid5(NAMESPACE, "file"))},
        "timePeriods": {"start": "2022", "end": "2025"},
        "geographicLevels": ["Local authority"],
        "filters": [],
        "indicators": [],
    }
    return {
        "id": one["id"],
        "title": title,
        "summary": "",
        "status": one["status"],
        "supersedingDataSetId": None,
        "latestVersion": newest,
    }


def send_page(handler, query, results, most):
    page, size = int(query["page"]), int(query["pageSize"])
    assert 1 <= size <= most  # the description's limits
    size = min(size, 2)  # so that a short list has several pages
    paging = {
        "page": page,
        "pageSize": size,
        "totalResults": len(results),
        "totalPages": -(-len(results) // size),
    }
    send(
        handler,
        json.dumps(
            {"paging": paging, "results": results[(page - 1) * size : page * size]}
        ).encode(),
    )


def send(handler, body, kind="application/json; charset=utf-8", status=200, **headers):
    handler.send_response(status)
    for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    try:
        handler.wfile.write(body)
    except OSError:  # the other end has heard enough
        handler.close_connection = True
    return True


def problem(handler, status, title, **headers):
    body = json.dumps({"type": "about:blank", "title": title, "status": status}).encode()
    return send(handler, body, "application/problem+json", status, **headers)


@pytest.fixture
def service():
    running = Service()
    yield running
    running.server.shutdown()
    running.server.server_close()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """No long waits between attempts where the server asks for none."""
    monkeypatch.setattr(api_module, "BACKOFF", 0)


@pytest.fixture
def update(service, small_data_dir):
    """A function that updates the small data folder from the service: whether there was news, what
    was said.
    """

    def run(dry_run=False):
        said = []
        return editions.update(
            Api(service.address), small_data_dir, dry_run, said.append
        ), "\n".join(said)

    return run


@pytest.fixture
def refused(update, small_data_dir):
    """A function that expects an update to be refused with one paragraph, leaving every file as it
    was.
    """

    def run(error, match):
        before = contents(small_data_dir)
        with pytest.raises(error, match=match) as raised:
            update()
        assert "\n" not in str(raised.value)
        assert contents(small_data_dir) == before
        return str(raised.value)

    return run


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


# New, and nothing new


def test_a_new_version_is_added_with_its_version_and_month(
    service, official, update, small_data_dir
):
    service.offer(C1, official("c1 of 2025", years=YEARS), version="1.1")
    news, said = update()
    assert news
    card = raw.source_card("children_in_need", "2025", small_data_dir)
    assert card["first_published"] == "2025-10"
    assert card["tables"]["referrals"]["publishers_version"] == "1.1"
    assert "version 1.1, published 2025-10, is new: edition 2025, 20 rows" in said
    figures = tables_module.load(small_data_dir).figures
    assert set(figures.loc[figures["edition"] == "2025", "year"]) == set(YEARS)


def test_what_would_be_added_is_shown_first_and_a_dry_run_adds_nothing(
    service, official, update, small_data_dir
):
    before = contents(small_data_dir)
    service.offer(C1, official("c1 of 2025", {("981", 2023, "referral_count"): 5151}, years=YEARS))
    news, said = update(dry_run=True)
    assert news and contents(small_data_dir) == before
    assert "new year 2025; 1 figure revised" in said
    assert re.search(r"referrals received, 2023: [\d,]+ → 5,151", said)
    assert "Referrals → referral_count" in said
    assert said.endswith("Nothing was added: this was a dry run.")


def test_with_nothing_new_it_says_so_changes_nothing_and_fetches_nothing(
    service, official, update, small_data_dir
):
    service.offer(C1, official("c1 of 2025", years=YEARS))
    update()
    before = contents(small_data_dir)
    service.asked.clear()
    news, said = update()
    assert not news
    assert "version 1.0 is held already" in said and said.endswith(
        "Nothing new; the figures held are as they were."
    )
    assert contents(small_data_dir) == before
    assert not [path for path in service.asked if "/csv" in path]


def test_figures_that_came_by_hand_before_are_not_new(service, official, update, small_data_dir):
    before = contents(small_data_dir)
    service.offer(C1, official("c1"), published="2024-10-31")  # what small_data_dir holds
    news, said = update()
    assert not news and "version 1.0 is the same as the edition held" in said
    assert contents(small_data_dir) == before


def test_data_sets_the_service_never_offered_are_named_with_those_that_came_out_since(
    service, official, update
):
    service.offer(C1, official("c1 of 2025", years=YEARS))
    _, said = update()
    assert (
        "added with oxcare data add: B1, B3, C3, C4, C5, C6, D1, D2, D3, D4, D5, D7, D8, ONS.\n"
        in said
    )
    assert (
        "'Children in need' was last published in 2025-10; of these, what is held is older for B1"
        in said
    )


def test_what_was_added_by_hand_in_the_month_of_the_publication_is_not_called_older(
    service, official, update, small_data_dir
):
    raw.add_files([official("d1", years=YEARS)], data_dir=small_data_dir, published="2025-10")
    _, said = update()
    assert re.search(r"is older for [^.]*C4[^.]*\.", said) and not re.search(
        r"is older for [^.]*D1[^.]*\.", said
    )


def test_lists_are_read_to_their_last_page(service, official, update, small_data_dir):
    for number in range(5):
        service.offer(f"A{number} Of no use here", official("d5"))
    service.offer(C1, official("c1 of 2025", years=YEARS))
    assert update()[0]
    assert sum("/data-sets?" in path for path in service.asked) == 3


def test_a_reworded_title_is_found_by_its_table_number(service, official, update):
    service.offer("C1 Referrals, in other words", official("c1 of 2025", years=YEARS))
    assert update()[0]


def test_a_later_version_of_the_same_year_is_an_edition_of_its_own(
    service, official, update, small_data_dir
):
    service.offer(C1, official("c1 of 2025", years=YEARS))
    service.offer(D1, official("d1", years=YEARS))
    update()
    corrected = official("c1 of 2025", {("981", 2025, "referral_count"): 5151}, years=YEARS)
    service.offer(C1, corrected, version="1.0.1", published="2026-02-12")
    _, said = update()
    assert raw.editions(small_data_dir)["children_in_need"] == ["2024", "2025", "2025-2"]
    assert (
        raw.source_card("children_in_need", "2025-2", small_data_dir)["first_published"]
        == "2026-02"
    )
    assert "1 figure revised" in said


def test_a_table_that_came_out_in_another_month_does_not_take_the_month_of_an_edition_held(
    service, official, update, small_data_dir
):
    service.offer(C1, official("c1 of 2025", years=YEARS))
    update()
    service.offer(D1, official("d1", years=YEARS), published="2026-03-05")
    update()
    assert set(raw.source_card("children_in_need", "2025-2", small_data_dir)["tables"]) == {"plans"}


@pytest.mark.parametrize("later", [C1, D1])
def test_tables_that_came_out_in_different_months_and_arrive_together_keep_their_months(
    service, official, update, small_data_dir, later
):
    for table, kind in ((C1, "c1 of 2025"), (D1, "d1")):
        service.offer(
            table,
            official(kind, years=YEARS),
            published="2026-03-05" if table == later else "2025-10-30",
        )
    update()
    cards = {e: raw.source_card("children_in_need", e, small_data_dir) for e in ("2025", "2025-2")}
    first, second = ("plans", "referrals") if later == C1 else ("referrals", "plans")
    assert {e: (card["first_published"], set(card["tables"])) for e, card in cards.items()} == {
        "2025": ("2025-10", {first}),
        "2025-2": ("2026-03", {second}),
    }, "the later edition has the later number"


# Refused: nothing is added, one paragraph is said


def test_all_that_is_new_is_added_or_none(service, official, refused):
    service.offer(C1, official("c1 of 2025", years=YEARS))
    service.offer(D1, official("d1", {("981", 2025, "CPP_At31"): "oops"}, years=YEARS))
    refused(DataError, "oops")


def test_a_data_set_that_is_gone_is_told(service, official, update, refused):
    service.offer(C1, official("c1 of 2025", years=YEARS))
    update()
    del service.offered[C1]
    refused(DataError, "no longer offers .*version 1.0 is held.*data_sets.yml")


@pytest.mark.parametrize("status", ["Withdrawn", "Deprecated"])
def test_a_data_set_withdrawn_or_deprecated_is_gone(service, official, update, refused, status):
    service.offer(C1, official("c1 of 2025", years=YEARS))
    update()
    service.offered[C1]["status"] = status
    refused(DataError, "no longer offers")


def test_a_version_withdrawn_is_not_taken_back(service, official, update, refused):
    service.offer(C1, official("c1 of 2025", years=YEARS), version="1.10")
    update()
    service.offer(
        C1,
        official("c1 of 2025", {("981", 2025, "referral_count"): 5151}, years=YEARS),
        version="1.9",
    )
    refused(DataError, "is 1.9, and 1.10 is held: the publisher has withdrawn it")


def test_a_publication_that_is_gone_is_told_with_what_was_found(service, refused):
    service.publications.remove(PUBLICATION)
    refused(DataError, "lists 0 publications called 'Children in need'.*a focus on re-referrals")


def test_a_data_set_that_goes_between_the_list_and_the_file_is_told(service, official, refused):
    service.offer(C1, official("c1 of 2025", years=YEARS))
    service.faults["/csv"] = lambda handler: problem(handler, 404, "Not Found")
    refused(DataError, "no longer has /data-sets/")


def test_changed_columns_are_told_by_name(service, official, refused, tmp_path):
    new = tmp_path / "new.csv"
    text = official("c1 of 2025", years=YEARS).read_text(encoding="utf-8")
    new.write_text(text.replace("referral_count,", "referrals_made,", 1), encoding="utf-8")
    service.offer(C1, new)
    refused(
        DataError,
        "nearest to 'C1 Referrals and re-referrals', and lacks the column.*referral_count",
    )


def test_another_table_under_the_title_is_refused(service, official, refused):
    service.offer(C1, official("d1", years=YEARS))
    refused(DataError, "laid out as 'D1 Child protection plans'; expected .C1 ")


def test_two_data_sets_of_one_number_are_not_chosen_between(service, official, refused):
    for title in ("C1 Referrals by region", "C1 Referrals by month"):
        service.offer(title, official("c1 of 2025", years=YEARS))
    refused(DataError, "offers 2 data sets for .C1 ")


# A connection that is not trusted


@pytest.fixture
def offering(service, official):
    """The service with one new data set; a function that plants a fault in the answer to its
    file.
    """
    service.offer(C1, official("c1 of 2025", years=YEARS))
    return lambda fault: service.faults.update({"/csv": fault})


def first(times, fault):
    """A fault of the first so many requests alone."""
    left = [times]

    def sometimes(handler):
        left[0] -= 1
        return left[0] >= 0 and fault(handler)

    return sometimes


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_service_is_waited_for_as_long_as_it_asks(service, offering, update, status):
    offering(first(1, lambda handler: problem(handler, status, "Busy", Retry_After="2")))
    start = time.monotonic()
    assert update()[0]
    assert time.monotonic() - start >= 2
    assert sum("/csv" in path for path in service.asked) == 2


def test_a_service_that_stays_busy_is_left_alone(service, offering, refused):
    offering(lambda handler: problem(handler, 503, "Busy"))
    refused(RunError, "with 503 .*run again later")
    assert sum("/csv" in path for path in service.asked) == 4


def test_a_service_that_asks_for_a_day_is_not_waited_for(service, offering, refused, monkeypatch):
    offering(lambda handler: problem(handler, 429, "Busy", Retry_After="86400"))
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail(f"slept {seconds} seconds"))
    refused(RunError, "not to be tried again for more than 120 seconds")


def test_an_error_that_trying_again_cannot_mend_is_told_at_once(service, offering, refused):
    offering(lambda handler: problem(handler, 403, "Forbidden"))
    refused(RunError, "with 403")
    assert sum("/csv" in path for path in service.asked) == 1


def cut_short(handler):
    handler.send_response(200)
    handler.send_header("Content-Type", "text/csv")
    handler.send_header("Content-Length", "5000")
    handler.end_headers()
    handler.wfile.write(b"time_period,geographic_level\n")
    handler.close_connection = True
    return True


def test_a_body_cut_short_is_told(offering, refused):
    offering(cut_short)
    refused(RunError, "cut short or garbled after 29 bytes")


def test_a_body_cut_short_at_the_end_of_a_line_without_a_length_is_told(service, offering, refused):
    def lacking_lines(handler):
        handler.send_response(200)
        handler.send_header("Content-Type", "text/csv")
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(b"".join(service.offered[C1]["content"].splitlines(keepends=True)[:-3]))
        handler.close_connection = True
        return True

    offering(lacking_lines)
    refused(DataError, "came with 17 rows where the service says 20")


def test_a_redirect_within_the_host_is_followed(offering, update, service):
    offering(first(1, lambda handler: send(handler, b"", status=302, Location=handler.path)))
    assert update()[0]
    assert sum("/csv" in path for path in service.asked) == 2


@pytest.mark.parametrize(
    "location", ["http://127.0.0.1:{port}/elsewhere", "https://127.0.0.1/x", "file:///etc/hosts"]
)
def test_a_redirect_to_another_host_is_not_followed(offering, refused, location):
    elsewhere = Service()
    place = location.format(port=elsewhere.server.server_port)
    offering(lambda handler: send(handler, b"", status=302, Location=place))
    refused(RunError, "is not followed")
    assert elsewhere.asked == []
    elsewhere.server.shutdown()
    elsewhere.server.server_close()


def test_a_redirect_to_what_is_no_address_is_told(offering, refused):
    offering(lambda handler: send(handler, b"", status=302, Location="http://["))
    refused(RunError, "answered .* with something that cannot be read")


def test_a_length_of_more_digits_than_a_number_may_have_is_read_for_what_comes(
    offering, service, official, update
):
    offering(lambda handler: send(handler, b"{", **{"Content-Length": "9" * 5000}))
    with pytest.raises(RunError, match="Nothing was added"):
        update()


def test_a_redirect_without_end_is_left(offering, refused, service):
    offering(lambda handler: send(handler, b"", status=302, Location=handler.path))
    refused(RunError, "on and on")
    assert sum("/csv" in path for path in service.asked) == 4


def test_a_service_that_says_nothing_is_not_waited_for(offering, refused, monkeypatch):
    monkeypatch.setattr(api_module, "SECONDS_OF_SILENCE", 0.2)
    offering(lambda handler: time.sleep(1) or True)
    refused(RunError, "said nothing for 0.2 seconds")


def test_a_service_that_drips_is_not_waited_for(offering, refused, monkeypatch):
    monkeypatch.setattr(api_module, "SECONDS_IN_ALL", 0.5)

    def drip(handler):
        handler.send_response(200)
        handler.send_header("Content-Type", "text/csv")
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        try:
            for _ in range(40):
                handler.wfile.write(b"x")
                time.sleep(0.1)
        except OSError:
            pass
        handler.close_connection = True
        return True

    offering(drip)
    start = time.monotonic()
    refused(RunError, "not complete after 0.5 seconds")
    assert time.monotonic() - start < 3


@pytest.mark.parametrize("end", ["/csv", "/publications"])
def test_a_page_of_another_kind_is_not_read(service, offering, refused, end):
    service.faults[end] = lambda handler: send(handler, b"<html>Sign in</html>", "text/html")
    refused(RunError, "with text/html; expected")


def test_a_body_that_claims_ten_gigabytes_is_not_fetched(offering, refused):
    def claim(handler):
        handler.send_response(200)
        handler.send_header("Content-Type", "text/csv")
        handler.send_header("Content-Length", str(TEN_GIGABYTES))
        handler.end_headers()
        try:
            for _ in range(200):
                handler.wfile.write(b"x" * 65_536)
        except OSError:
            pass
        handler.close_connection = True
        return True

    offering(claim)
    refused(RunError, "says it is 10,000,000,000 bytes")


def chunked(handler, pieces, **headers):
    handler.send_response(200)
    for name, value in {
        "Content-Type": "text/csv",
        "Transfer-Encoding": "chunked",
        **headers,
    }.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    try:
        for piece in pieces:
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        handler.wfile.write(b"0\r\n\r\n")
    except OSError:
        handler.close_connection = True
    return True


def test_a_body_without_end_is_dropped_at_the_limit(offering, refused, monkeypatch):
    monkeypatch.setattr(api_module, "LARGEST_FILE_BYTES", 1_000_000)
    sent = []

    def endless():
        for _ in range(2000):
            sent.append(65_536)
            yield b"x" * 65_536

    offering(lambda handler: chunked(handler, endless()))
    refused(RunError, "is over 1,000,000 bytes")
    assert sum(sent) < 60_000_000


def test_a_body_that_unpacks_beyond_the_limit_is_dropped(offering, refused):
    packed = gzip.compress(b"x" * 200_000_000)
    assert len(packed) < 1_000_000
    offering(lambda handler: send(handler, packed, "text/csv", Content_Encoding="gzip"))
    refused(RunError, "is over 50,000,000 bytes")


def test_a_body_packed_twice_is_not_unpacked(offering, refused):
    packed = gzip.compress(gzip.compress(b"x" * 200_000_000))
    assert len(packed) < 1000
    offering(lambda handler: send(handler, packed, "text/csv", Content_Encoding="gzip, gzip"))
    refused(RunError, "packed as gzip, gzip; expected identity, gzip, deflate")


def test_a_packed_body_is_read(service, offering, update):
    packed = gzip.compress(service.offered[C1]["content"])
    offering(lambda handler: chunked(handler, [packed[:50], packed[50:]], Content_Encoding="gzip"))
    assert update()[0]


def test_a_chunked_body_cut_short_is_told(offering, refused):
    def cut(handler):
        handler.send_response(200)
        handler.send_header("Content-Type", "text/csv")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"400\r\ntime_period")
        handler.close_connection = True
        return True

    offering(cut)
    refused(RunError, "cut short or garbled")


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{}",
        b"not json",
        b'{"results": [{}], "paging": {"totalPages": 1}}',
        b"\xff",
        b"[" * 200_000,
    ],
)
def test_an_answer_in_another_form_is_told(service, refused, body):
    service.faults["/publications"] = lambda handler: send(handler, body)
    refused(RunError, "in a form its description does not give")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("id", "../../x"),
        ("version", "../1"),
        ("version", "1"),
        ("published", "soon"),
        ("rows", "many"),
        ("rows", float("inf")),
    ],
)
def test_an_entry_that_could_reach_further_than_it_should_is_refused(
    service, offering, refused, key, value
):
    service.offered[C1][key] = value
    refused(RunError, "in a form its description does not give")


def test_pages_without_end_are_left(service, refused):
    body = json.dumps({"paging": {"totalPages": 10**9}, "results": []}).encode()
    service.faults["/publications"] = lambda handler: send(handler, body)
    refused(RunError, "more than 50 pages")
    assert len(service.asked) == 50


def test_no_service_at_all_is_told(service, refused):
    service.server.shutdown()
    service.server.server_close()
    refused(RunError, "could not be reached")


@pytest.mark.parametrize(
    "address",
    ["http://example.org/v1", "ftp://127.0.0.1/", "file:///etc", "example.org", "", "https://["],
)
def test_an_address_that_is_not_https_is_refused(address):
    with pytest.raises(UsageError, match="https://"):
        Api(address)


def test_https_is_taken():
    Api("https://example.org/statistics/v1")


# The command


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        (None, 0, "rows added"),
        (lambda handler: problem(handler, 404, "Not Found"), 3, "no longer has"),
        (lambda handler: problem(handler, 403, "Forbidden"), 4, "with 403"),
    ],
)
def test_the_command_takes_the_address_from_the_environment_and_says_how_it_ended(
    service, offering, small_data_dir, fault, code, words
):
    if fault:
        offering(fault)
    ran = subprocess.run(
        [sys.executable, "-m", "oxcare_analysis", "data", "update", "--data-dir", small_data_dir],
        env=os.environ | {"OXCARE_API": service.address},
        cwd=paths.PROJECT,
        capture_output=True,
        encoding="utf-8",
    )
    assert ran.returncode == code
    assert words in (ran.stderr if code else ran.stdout)
    assert "Traceback" not in ran.stderr
    assert ran.stderr.count("\n") == (1 if code else 0)
