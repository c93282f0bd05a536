// Files of what is shown. They are made in the browser and go nowhere else.

/** What a spreadsheet program takes for the start of a formula, also after blanks and in full width. */
const FORMULA = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/;

/** What a terminal or an editor obeys instead of showing it. JSON has its own escapes for the first ones. */
const OBEYED = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff]/g;
const OBEYED_IN_CELLS = new RegExp(`[\\u0000-\\u001f]|${OBEYED.source}`, "g");

/** A field of a CSV file. An apostrophe keeps a spreadsheet program from running the text as a formula. */
function csvField(value) {
  const given = String(value ?? "");
  const text = (FORMULA.test(given) ? `'${given}` : given).replace(OBEYED_IN_CELLS, "\ufffd");
  return `"${text.replaceAll('"', '""')}"`;
}

/** A CSV file (RFC 4180). The byte order mark tells spreadsheet programs that it is UTF-8. */
function csv(fields, rows) {
  const lines = [fields.map(([label]) => csvField(label)).join(",")];
  for (const row of rows) lines.push(fields.map(([, value]) => csvField(value(row))).join(","));
  return `\ufeff${lines.join("\r\n")}\r\n`;
}

/** A JSON file that shows all of its characters. */
function json(content) {
  const code = (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return `${JSON.stringify(content, null, 2).replace(OBEYED, code)}\n`;
}

/** Offers a text as a file. */
function offer(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  element("a", { href: address, download: name }).click();
  // The browser has taken over the content by then.
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}
