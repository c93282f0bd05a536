// The search, the filters and the choice of an order above a list.

/** As in the style: below this width a row is a card. */
const NARROW = matchMedia("screen and (max-width: 1039px)");

class Controls {
  /** `onChange` gets the name of a parameter and its new value. */
  constructor({ list, columns, filters, onChange }) {
    this.inputs = new Map();
    const search = this.input("search", "Search", element("input", { type: "search", autocomplete: "off", spellcheck: "false" }));
    search.addEventListener("input", () => onChange("search", search.value));
    const selects = filters.map((filter) => this.select(filter.key, filter.label, filter.options, onChange));
    const orders = columns.flatMap(({ key, label }) => [
      [key, label],
      [`-${key}`, `${label}, descending`],
    ]);
    const order = this.select("sort", "Sort by", [["", list.usualOrder], ...orders], onChange);
    this.reset = button("Clear filters", () => onChange(null, null), { class: "quiet" });
    this.root = element(
      "form",
      { class: "controls", role: "search", "aria-label": `Search and filter ${list.noun[1]}`, on: { submit: (event) => event.preventDefault() } },
      this.labelled("Search", search, "grow"),
      this.folding(
        selects.map((select, index) => this.labelled(filters[index].label, select)),
        this.labelled("Sort by", order),
        this.reset,
      ),
    );
  }

  /** On narrow screens the filters are folded, so that the rows are in sight. */
  folding(...controls) {
    const folded = element("details", {}, element("summary", {}, "Filters and order"), element("div", { class: "filters" }, controls));
    const show = () => {
      folded.open = !NARROW.matches;
    };
    NARROW.addEventListener("change", show);
    show();
    return folded;
  }

  input(name, label, input) {
    input.id = `${name}-input`;
    this.inputs.set(name, input);
    return input;
  }

  select(name, label, options, onChange) {
    const select = element("select", {}, options.map(([value, text]) => element("option", { value }, plain(text))));
    select.addEventListener("change", () => onChange(name, select.value));
    return this.input(name, label, select);
  }

  labelled(text, input, kind = null) {
    return element("div", { class: kind === null ? "control" : `control ${kind}` }, element("label", { for: input.id }, text), input);
  }

  /** Shows the parameters of the address. The text that a reader is writing is left alone. */
  show(parameters) {
    for (const [name, input] of this.inputs) {
      const value = parameters[name] ?? "";
      if (input.value !== value) input.value = value;
    }
    this.reset.hidden = !Object.entries(parameters).some(([name, value]) => name !== "sort" && name !== "page" && value);
  }
}
