"""The children in need census (XML, 2017 to 2026): one file a year ending 31 March, read as a
stream.

Only the elements named here are kept. No document type, entity or outside reference is let in, and
no depth beyond that of the schema: a file that has one is refused before its content is used.
Namespaces are passed over.
"""

import re
from pathlib import Path
from xml.sax import SAXException
from xml.sax.handler import ContentHandler

import pandas as pd
from defusedxml import DefusedXmlException
from defusedxml.sax import make_parser

from oxcare_analysis.intake.text import UNSEEN, shown
from oxcare_analysis.local.extract import Extract, as_tables, with_ids
from oxcare_analysis.words.errors import DataError

KIND = "cin"
DEEPEST, LONGEST_TEXT = 12, 200
LARGEST = 2_000_000_000
# element → (our table, our column); those of a child come once, before its cases.
CHILD = {
    "LAchildID": "person_id",
    "PersonBirthDate": "birth_date",
    "ExpectedPersonBirthDate": "expected_birth_date",
    "PersonDeathDate": "death_date",
}
CASE = {
    "CINreferralDate": "referral_date",
    "ReferralSource": "source",
    "ReferralNFA": "no_further_action",
    "CINclosureDate": "close_date",
    "ReasonForClosure": "close_reason",
    "DateOfInitialCPC": "conference_date",
}
ENQUIRY = {"S47ActualStartDate": "start_date", "DateOfInitialCPC": "conference_date"}
PLAN = {
    "CPPstartDate": "start_date",
    "CPPendDate": "end_date",
    "InitialCategoryOfAbuse": "category_initial",
    "LatestCategoryOfAbuse": "category_latest",
}
REVIEW = {"CPPreviewDate": "review_date"}
HEADER = {
    "Collection": "collection",
    "Year": "year",
    "ReferenceDate": "reference_date",
    "LEA": "area",
}
GROUPS = {
    "Header": ("header", HEADER),
    "Child": ("persons", CHILD),
    "CINdetails": ("referrals", CASE),
    "Section47": ("enquiries", ENQUIRY),
    "ChildProtectionPlans": ("plans", PLAN),
}
COLUMNS_OF = {
    "persons": tuple(CHILD.values()),
    "referrals": tuple(CASE.values()),
    "enquiries": tuple(ENQUIRY.values()),
    "plans": tuple(PLAN.values()),
}


class _Census(ContentHandler):
    """Gathers the elements that are kept, a row a group; the parser calls it as the file goes
    by.
    """

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, list] = {name: [] for name in (*COLUMNS_OF, "reviews")}
        self.header: dict[str, str] = {}
        self.open: list[tuple[str, dict, dict]] = []  # group, its elements, its cells so far
        self.depth, self.text, self.root = 0, None, ""

    def startElement(self, name: str, attrs: object) -> None:  # noqa: N802 (the parser's name)
        """A group begins, or an element whose text is kept."""
        name = name.rpartition(":")[2]
        self.depth += 1
        if self.depth > DEEPEST:
            raise DataError(f"elements lie {self.depth} deep; the census has {DEEPEST} at most")
        self.root = self.root or name
        self.text = None
        if name in GROUPS:
            self.open.append((name, GROUPS[name][1], {}))
        elif self.open and (name in self.open[-1][1] or name in REVIEW):
            self.text = []

    def characters(self, content: str) -> None:
        """Text, which may come in parts."""
        if self.text is not None:
            self.text.append(content)
            if len(self.text) > LONGEST_TEXT or len(content) > LONGEST_TEXT:
                raise DataError(
                    f"an element holds {shown(''.join(self.text))}, longer than any code or date"
                )

    def endElement(self, name: str) -> None:  # noqa: N802 (the parser's name)
        """An element's text is put with its group; a group that ends is a row."""
        name = name.rpartition(":")[2]
        self.depth -= 1
        if self.text is not None:
            cell, self.text = "".join(self.text).strip(), None
            if UNSEEN.search(cell):
                raise DataError(f"{name} holds {shown(cell)}, with signs that cannot be seen")
            group, elements, cells = self.open[-1]
            if name in elements:
                cells[elements[name]] = cell
            elif group == "ChildProtectionPlans":
                self.rows["reviews"].append((self._child(), cells.get("start_date", ""), cell))
        elif name in GROUPS and self.open and self.open[-1][0] == name:
            self._end_group(name)

    def _child(self) -> str:
        return next(
            (cells.get("person_id", "") for name, _, cells in self.open if name == "Child"), ""
        )

    def _end_group(self, name: str) -> None:
        _, _, cells = self.open.pop()
        if name == "Header":
            self.header = cells
            return
        table = GROUPS[name][0]
        case = next(
            (
                outer.get("referral_date", "")
                for group, _, outer in self.open
                if group == "CINdetails"
            ),
            "",
        )
        row = tuple(cells.get(column, "") for column in COLUMNS_OF[table])
        self.rows[table].append(row if name == "Child" else (self._child(), case, *row))


def extract(files: list[Path], day: pd.Timestamp | None = None) -> Extract:
    """One census file. `day`: its reference date where the header lacks one. Raises DataError."""
    path = files[0]
    census = _parsed(path)
    header = census.header
    if (
        census.root != "Message"
        or header.get("collection", "").upper() != "CIN"
        or not census.rows["persons"]
    ):
        raise DataError(
            f"{path.name} is not a children in need census: its root is {shown(census.root)}, its "
            f"collection {shown(header.get('collection', ''))}, with {len(census.rows['persons'])} "
            "children; expected Message, CIN and children. Check that it is the right file."
        )
    taken = _reference_day(header, path.name) or day
    if taken is None:
        raise DataError(
            f"{path.name} has no ReferenceDate; expected one such as 2025-03-31. Give it with"
            " --snapshot."
        )
    tables, read, unread = as_tables(_raw(census.rows))
    tables = with_ids(tables)
    return Extract(
        KIND,
        tables,
        taken,
        taken - pd.DateOffset(years=1) + pd.Timedelta(days=1),
        (path.name,),
        read,
        unread,
        header.get("area", ""),
        ("care",),
    )


def _parsed(path: Path) -> _Census:
    if not path.is_file() or path.stat().st_size > LARGEST:
        raise DataError(
            f"There is no file {path.name} of under {LARGEST:,} bytes. Check the name and try"
            " again."
        )
    census, parser = _Census(), make_parser()
    parser.forbid_dtd = True
    parser.setContentHandler(census)
    try:
        with path.open("rb") as file:
            parser.parse(file)
    except DefusedXmlException:
        raise DataError(
            f"{path.name} declares a document type, an entity or something outside itself; no"
            " census file does. It was not read. Export it again from your system."
        ) from None
    except (SAXException, UnicodeError, ValueError, LookupError) as problem:
        what = problem.getMessage() if isinstance(problem, SAXException) else type(problem).__name__
        raise DataError(
            f"{path.name} cannot be read as XML: {shown(what)}. Export it again from your system."
        ) from None
    except DataError as problem:
        raise DataError(
            f"{path.name} is not a census file: {problem}. It was not read. Export it again from"
            " your system."
        ) from None
    return census


def _reference_day(header: dict[str, str], name: str) -> pd.Timestamp | None:
    found = re.match(r"(20[0-9]{2})-(0[1-9]|1[0-2])-([0-3][0-9])", header.get("reference_date", ""))
    if not found:
        year = re.fullmatch(r"20[0-9]{2}", header.get("year", ""))
        return (
            pd.Timestamp(int(year.group()), 3, 31)
            if year and not header.get("reference_date")
            else None
        )
    try:
        return pd.Timestamp(found.group())
    except ValueError:
        raise DataError(
            f"{name} has the ReferenceDate {shown(found.group())}; expected a day such as"
            " 2025-03-31. Correct the header."
        ) from None


def _raw(rows: dict[str, list]) -> dict[str, pd.DataFrame]:
    """Text tables under our names; an id of another table stands as the day that began on."""

    def frame(name: str, *columns: str) -> pd.DataFrame:
        return pd.DataFrame(rows[name], columns=list(columns), dtype="str")

    cases = frame("referrals", "person_id", "unused", *COLUMNS_OF["referrals"]).drop(
        columns="unused"
    )
    enquiries = frame("enquiries", "person_id", "referral_id", *COLUMNS_OF["enquiries"])
    met = pd.concat(
        [
            enquiries[["person_id", "conference_date"]].assign(
                enquiry_id=enquiries["start_date"], transfer_in="N"
            ),
            cases[["person_id", "conference_date"]].assign(enquiry_id="", transfer_in="Y"),
        ]
    )
    met = met[met["conference_date"].ne("")].drop_duplicates(
        ["person_id", "conference_date"]
    )  # at either level
    return {
        "persons": frame("persons", *COLUMNS_OF["persons"]),
        "referrals": cases.drop(columns="conference_date"),
        "enquiries": enquiries[enquiries["start_date"].ne("")].drop(columns="conference_date"),
        "conferences": met,
        "plans": (
            frame("plans", "person_id", "referral_id", *COLUMNS_OF["plans"]).assign(
                other_authority="N"
            )
        ),
        "reviews": frame("reviews", "person_id", "plan_id", "review_date"),
    }
