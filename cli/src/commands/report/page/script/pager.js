// Buttons that lead through the pages of a long list.

class Pager {
  constructor(label, onPage) {
    this.page = 1;
    this.pages = 1;
    this.text = element("span", { class: "page-number" });
    const go = (change) => () => onPage(Math.min(Math.max(change(), 1), this.pages));
    this.backward = [
      button("First", go(() => 1)),
      button("Previous", go(() => this.page - 1)),
    ];
    this.forward = [
      button("Next", go(() => this.page + 1)),
      button("Last", go(() => this.pages)),
    ];
    this.root = element("nav", { class: "pager", "aria-label": label }, this.backward, this.text, this.forward);
  }

  /**
   * Shows where the reader is. Buttons without effect stay in the order of focus, so that a reader who has
   * come to the last page does not lose the place.
   */
  show(page, pages) {
    this.page = page;
    this.pages = pages;
    this.text.textContent = `Page ${number(page)} of ${number(pages)}`;
    this.root.hidden = pages <= 1;
    for (const each of this.backward) each.setAttribute("aria-disabled", String(page <= 1));
    for (const each of this.forward) each.setAttribute("aria-disabled", String(page >= pages));
  }
}
