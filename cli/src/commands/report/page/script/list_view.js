// A list with search, filters, order, pages, downloads and print.

class ListView {
  /**
   * `list` says what the rows are. `within` limits it, for instance to one principal: a test of rows, the
   * columns and filters that are left out, and a name for files.
   */
  constructor(list, address, within = {}) {
    this.list = list;
    this.address = address;
    this.test = within.test ?? (() => true);
    this.fileName = within.fileName ?? list.key;
    const hidden = within.hidden ?? [];
    this.filters = list.filters().filter((filter) => !hidden.includes(filter.key));
    this.sortable = list.columns.filter((column) => !hidden.includes(column.key));
    this.columns = this.sortable.filter((column) => column.width > 0);
    if (within.detailed) this.columns = this.columns.map((column) => ({ ...column, cell: column.detailedCell ?? column.cell }));
    this.orders = new Map();
    this.total = list.order().reduce((count, row) => count + (this.test(row) ? 1 : 0), 0);
    this.root = this.build();
    this.show(address.parameters);
  }

  build() {
    const { list, filters, sortable: columns } = this;
    this.controls = new Controls({ list, columns, filters, onChange: (name, value) => this.change(name, value) });
    this.table = new Table({ label: list.title, columns: this.columns, onSort: (key) => this.sort(key) });
    this.pagers = [
      new Pager("Pages", (page) => this.turn(page)),
      new Pager("Pages, below the table", (page) => this.turnFromBelow(page)),
    ];
    this.status = element("p", { role: "status", class: "count" });
    this.selection = element("p", { class: "selection" });
    const tools = element(
      "div",
      { class: "tools" },
      button("Download CSV", () => this.downloadCsv()),
      button("Download JSON", () => this.downloadJson()),
      button("Print", () => window.print()),
    );
    const bar = element("div", { class: "bar" }, this.status, tools);
    const [above, below] = this.pagers.map((pager) => pager.root);
    return element("div", { class: "list" }, this.controls.root, bar, this.selection, above, this.table.root, below);
  }

  /** Shows what the parameters of an address ask for. */
  show(parameters) {
    this.parameters = parameters;
    this.controls.show(parameters);
    const key = (parameters.sort ?? "").replace(/^-/, "");
    const descending = (parameters.sort ?? "").startsWith("-");
    this.table.sortedBy(key, descending);
    this.rows = this.select(key, descending);
    const all = counted(this.total, this.list.noun);
    this.status.textContent = this.rows.length === this.total ? all : `${number(this.rows.length)} of ${all}`;
    this.selection.textContent = this.describe();
    this.showPage();
  }

  /** The rows that are shown, on all pages. */
  select(key, descending) {
    const tests = this.filters.map((filter) => filter.test(this.parameters[filter.key] ?? "")).filter((test) => test);
    if (this.parameters.search) tests.push(searchTest(this.list.fields(), this.parameters.search));
    tests.push(this.test);
    return this.ordered(key, descending).filter((row) => tests.every((test) => test(row)));
  }

  /** All rows in an order, which is found once. */
  ordered(key, descending) {
    const column = this.list.columns.find((each) => each.key === key);
    if (column === undefined) return this.list.order();
    const name = `${key} ${descending}`;
    if (!this.orders.has(name)) {
      this.orders.set(name, sortedRows(this.list.order(), ranks(this.list.count, column), descending));
    }
    return this.orders.get(name);
  }

  showPage() {
    const pages = Math.max(1, Math.ceil(this.rows.length / ROWS_PER_PAGE));
    const page = Math.min(Math.max(Number.parseInt(this.parameters.page, 10) || 1, 1), pages);
    const first = (page - 1) * ROWS_PER_PAGE;
    this.table.show(this.rows.subarray(first, first + ROWS_PER_PAGE), first, this.rows.length);
    this.table.root.hidden = this.rows.length === 0;
    for (const pager of this.pagers) pager.show(page, pages);
  }

  /** Says what selects the rows, for paper, and for screens on which the filters are folded. */
  describe() {
    const parts = [];
    if (this.parameters.search) parts.push(`Search: ${plain(this.parameters.search)}`);
    for (const filter of this.filters) {
      const option = filter.options.find(([value]) => value !== "" && value === this.parameters[filter.key]);
      if (option) parts.push(`${filter.label}: ${plain(option[1])}`);
    }
    return parts.join(" · ");
  }

  /** Changes one parameter, or all if no name is given. A search is one step of the back button, not one for each letter. */
  change(name, value) {
    const kept = name === null ? { sort: this.parameters.sort } : { ...this.parameters, [name]: value };
    delete kept.page;
    this.navigate(kept, name === "search" && Boolean(this.parameters.search));
  }

  sort(key) {
    const next = { [key]: `-${key}`, [`-${key}`]: "" }[this.parameters.sort ?? ""] ?? key;
    this.navigate({ ...this.parameters, sort: next, page: "" }, false);
  }

  turn(page) {
    this.navigate({ ...this.parameters, page: page === 1 ? "" : String(page) }, false);
  }

  /** The reader goes on at the first row of the new page. */
  turnFromBelow(page) {
    this.turn(page);
    this.table.root.focus({ preventScroll: true });
    this.root.scrollIntoView();
  }

  navigate(parameters, replace) {
    this.show(parameters);
    setAddress(addressOf(this.address.view, this.address.id, parameters), replace);
  }

  /** Puts all rows into the table, for print. */
  showAll() {
    this.table.show(this.rows, 0, this.rows.length);
  }

  downloadCsv() {
    offer(`${this.fileName}.csv`, "text/csv;charset=utf-8", csv(this.list.files, this.rows));
  }

  downloadJson() {
    const { page, ...shown } = this.parameters;
    const content = {
      generatedAt: report.generatedAt,
      tenantId: report.tenantId,
      view: this.address.view,
      id: this.address.id ?? undefined,
      shown,
      [this.list.key]: Array.from(this.rows, (row) => this.list.json(row)),
    };
    offer(`${this.fileName}.json`, "application/json", json(content));
  }
}
