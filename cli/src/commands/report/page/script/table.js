// A table of one page of rows. When the page is printed, it has all rows.

/** Browsers lay out so many rows within a frame or two. */
const ROWS_PER_PAGE = 50;

/**
 * A table with a button in each header that sorts by the column. Roles are stated, because on narrow screens
 * a row is laid out as a card, and browsers then no longer treat it as a row.
 */
class Table {
  constructor({ label, columns, onSort }) {
    this.columns = columns;
    this.body = element("tbody", { role: "rowgroup" });
    this.headers = new Map(columns.map((column) => [column.key, this.header(column, onSort)]));
    const total = columns.reduce((sum, column) => sum + column.width, 0);
    this.root = element(
      "table",
      { role: "table", "aria-label": label, tabindex: "-1" },
      element("colgroup", {}, columns.map((column) => sizedColumn(column.width / total))),
      element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, Array.from(this.headers.values()))),
      this.body,
    );
  }

  header(column, onSort) {
    const sorting = () => [
      button(column.label, () => onSort(column.key)),
      // Browsers do not repeat buttons at the head of each printed page.
      element("span", { class: "print-only" }, column.label),
    ];
    const content = onSort ? sorting() : column.label;
    const numeric = column.order === "number" ? "numeric" : null;
    return element("th", { scope: "col", role: "columnheader", class: numeric }, content);
  }

  /** Says by which column the rows are sorted, to readers and to screen readers. */
  sortedBy(key, descending) {
    for (const [name, header] of this.headers) {
      if (name === key) header.setAttribute("aria-sort", descending ? "descending" : "ascending");
      else header.removeAttribute("aria-sort");
    }
  }

  /** Shows rows; `first` is the place of the first one among all. */
  show(rows, first, total) {
    this.root.setAttribute("aria-rowcount", String(total + 1));
    this.body.replaceChildren(...Array.from(rows, (row, index) => this.row(row, first + index)));
  }

  row(row, place) {
    const cells = this.columns.map((column, index) => {
      const name = index === 0 ? "th" : "td";
      const scope = index === 0 ? { scope: "row", role: "rowheader" } : { role: "cell" };
      const numeric = column.order === "number" ? "numeric" : null;
      return element(name, { ...scope, class: numeric, "data-label": column.label }, column.cell(row));
    });
    return element("tr", { role: "row", "aria-rowindex": String(place + 2) }, cells);
  }
}

function sizedColumn(share) {
  const column = element("col");
  column.style.width = `${(share * 100).toFixed(2)}%`;
  return column;
}

/** A table of a few rows that needs no controls. */
function shortTable(label, columns, rows) {
  const table = new Table({ label, columns });
  table.show(rows, 0, rows.length);
  return table.root;
}
