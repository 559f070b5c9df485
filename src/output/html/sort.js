"use strict";
const key = (row, column) => {
  const cell = row.cells[column];
  return cell.dataset.key ?? (cell.querySelector(".none") ? "" : cell.textContent.trim());
};
const compare = (one, other) => {
  const numbers = [Number(one), Number(other)];
  return numbers.every(Number.isSafeInteger) ? numbers[0] - numbers[1] : one.localeCompare(other, "en", { numeric: true });
};
const sort = (table, heading, column) => {
  const direction = heading.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
  for (const other of heading.parentElement.cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", direction);
  const rows = Array.from(table.tBodies[0].rows, (row) => ({ row, key: key(row, column) }));
  const sign = direction === "ascending" ? 1 : -1;
  rows.sort((one, other) => (one.key === "") - (other.key === "") || sign * compare(one.key, other.key));
  table.tBodies[0].append(...rows.map(({ row }) => row));
};
for (const table of document.querySelectorAll("table:not(.ordered)")) {
  Array.from(table.tHead.rows[0].cells).slice(0, -1).forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    heading.replaceChildren(button);
    button.addEventListener("click", () => sort(table, heading, column));
  });
}
let closed = [];
addEventListener("beforeprint", () => {
  closed = Array.from(document.querySelectorAll("details:not([open])"));
  for (const details of closed) details.open = true;
});
addEventListener("afterprint", () => {
  for (const details of closed) details.open = false;
});
