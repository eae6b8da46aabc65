// A table that sorts by its headers and narrows by what is typed. Without scripts it is a plain table, all rows shown.
"use strict";
const table = document.querySelector("table.sortable");
const body = table.tBodies[0];
const rows = [...body.rows];
const tools = document.getElementById("table-tools");
const told = document.getElementById("table-told");
const wanted = tools.querySelector("input");
const headers = [...table.tHead.rows[0].cells];
const order = new Intl.Collator("en-GB", { numeric: true });
const key = (row, column) => row.cells[column].dataset.key ?? row.cells[column].textContent;

function narrow() {
  const words = wanted.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of rows) row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
  const shown = rows.filter((row) => !row.hidden).length;
  told.textContent = `${shown} of ${rows.length} ${rows.length === 1 ? "report" : "reports"} shown`;
}

headers.forEach((header, column) => {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...header.childNodes);
  header.append(button);
  button.addEventListener("click", () => {
    const down = header.getAttribute("aria-sort") === "ascending";
    for (const other of headers) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", down ? "descending" : "ascending");
    rows.sort((a, b) => (down ? -1 : 1) * order.compare(key(a, column), key(b, column)));
    body.append(...rows);
    told.textContent = `Sorted by ${button.textContent.toLowerCase()}, ${down ? "descending" : "ascending"}`;
  });
});
wanted.addEventListener("input", narrow);
tools.hidden = false;
narrow();
