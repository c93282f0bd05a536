// Elements are made one by one. No text is ever read as HTML.

/**
 * Makes an element. Attributes that are null or false are left out; `on` has listeners by event. Children are
 * nodes or texts; null is left out.
 */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (attribute === "on") {
      for (const [event, listener] of Object.entries(value)) made.addEventListener(event, listener);
    } else if (value !== null && value !== undefined && value !== false) {
      made.setAttribute(attribute, value === true ? "" : value);
    }
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return made;
}

/** A word in a frame, such as "Privileged". The kind selects the color, which only repeats what the word says. */
function mark(text, kind) {
  return element("span", { class: `mark ${kind}` }, text);
}

/** A line of less weight below the main line of a cell. */
function detail(...children) {
  return element("span", { class: "detail" }, ...children);
}

/** A link to a view of this page. */
function link(address, ...children) {
  return element("a", { href: address }, ...children);
}

/** A button that is not part of a form. */
function button(text, listener, attributes = {}) {
  return element("button", { type: "button", on: { click: listener }, ...attributes }, text);
}

/** A list of terms and their values. Terms without a value are left out. */
function facts(pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return element(
    "dl",
    { class: "facts" },
    shown.map(([term, value]) => element("div", {}, element("dt", {}, term), element("dd", {}, value))),
  );
}

/** A text of others, or null if there is none. */
function foreignOrNull(text) {
  return text === null || text === undefined || text === "" ? null : foreign(text);
}
