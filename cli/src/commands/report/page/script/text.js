// Texts from outside, and how the page writes times and numbers. Names of principals, APIs and rules, and
// reasons of requests are chosen by others. They are only ever text, and cannot hide or reorder what stands
// beside them.

/** Control characters, and characters that are invisible or change the direction of writing. */
const HIDDEN =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/u;
const EACH_HIDDEN = new RegExp(HIDDEN.source, "gu");

const NUMBER = new Intl.NumberFormat("en");

/** A text in one line without hidden characters, for places that cannot mark them: titles, options, labels. */
function plain(text) {
  return String(text).replace(EACH_HIDDEN, "\ufffd");
}

/** An element that shows a text of others. Each hidden character shows its code and stays in the text. */
function foreign(text) {
  const shown = document.createElement("bdi");
  const whole = String(text);
  if (!HIDDEN.test(whole)) {
    shown.textContent = whole;
    return shown;
  }
  let end = 0;
  for (const found of whole.matchAll(EACH_HIDDEN)) {
    const code = found[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    const character = element("span", { class: "hidden-character", "data-code": `U+${code}` }, found[0]);
    shown.append(whole.slice(end, found.index), character);
    end = found.index + found[0].length;
  }
  shown.append(whole.slice(end));
  return shown;
}

/** The name if a reader can see it, otherwise the id. */
function nameOr(name, id) {
  const visible = typeof name === "string" && name.replace(EACH_HIDDEN, "").trim() !== "";
  return visible ? name : String(id ?? "");
}

/** A number with separators. */
function number(value) {
  return NUMBER.format(value);
}

/** A number with its noun, for instance "1 assignment". */
function counted(value, [one, many]) {
  return `${number(value)} ${value === 1 ? one : many}`;
}

/** A time as UTC to the minute. A time that cannot be read is shown as it is. */
function timeText(time) {
  if (time === null || time === undefined) return "";
  const at = new Date(time);
  return Number.isNaN(at.getTime()) ? plain(time) : at.toISOString().slice(0, 16).replace("T", " ");
}

/** An element that shows a time. */
function timeElement(time) {
  return element("time", { datetime: plain(time), title: `${plain(time)} (UTC)` }, timeText(time));
}
