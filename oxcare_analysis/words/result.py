"""How a result of the package prints where it is not shown as a page: on one line."""


class Result:
    """A result that prints as what it is, of whom, over which years, its verdict, and where its
    numbers are.
    """

    def __repr__(self) -> str:
        held = vars(self)
        first, last = held.get("window") or (held.get("first_year"), held.get("last_year"))
        parts = [
            held.get("hypothesis") or held.get("measure") or held.get("kind") or held.get("name"),
            held["area"] if isinstance(held.get("area"), str) else None,
            f"{first} to {last}" if isinstance(first, int) else None,
            held.get("verdict"),
        ]
        table = held.get("table")
        parts += (
            [f"{len(table)} row{'s' * (len(table) != 1)} in .table"]
            if table is not None and len(table)
            else []
        )
        missing = held.get("missing")
        parts += [f"missing: {missing}"] if isinstance(missing, str) and missing else []
        return f"{type(self).__name__}({', '.join(part for part in parts if part)})"
