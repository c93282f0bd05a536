// Sorting and searching lists of many rows in a few milliseconds.

const COLLATOR = new Intl.Collator("en", { numeric: true });

/** How the values of a column are compared. */
const COMPARISONS = {
  text: (left, right) => COLLATOR.compare(left, right),
  time: (left, right) => (left < right ? -1 : left > right ? 1 : 0),
  number: (left, right) => left - right,
};

/** The place of each row in the order of one column. Equal values have one place; rows without a value come last. */
function ranks(count, column) {
  const values = new Map();
  const at = new Int32Array(count);
  for (let row = 0; row < count; row++) {
    const value = column.text(row) ?? "";
    let index = values.get(value);
    if (index === undefined) {
      index = values.size;
      values.set(value, index);
    }
    at[row] = index;
  }
  const compare = COMPARISONS[column.order ?? "text"];
  const sorted = Array.from(values.keys()).filter((value) => value !== "").sort(compare);
  const rank = new Int32Array(values.size).fill(-1);
  sorted.forEach((value, place) => {
    rank[values.get(value)] = place;
  });
  return { of: at.map((index) => rank[index]), different: sorted.length };
}

/** All rows in the order of a column. Rows with one value, and those without, keep the order of `before`. */
function sortedRows(before, { of, different }, descending) {
  const count = before.length;
  const keys = new Float64Array(count);
  for (let place = 0; place < count; place++) {
    const rank = of[before[place]];
    const first = rank < 0 ? different : descending ? different - 1 - rank : rank;
    keys[place] = first * count + place;
  }
  keys.sort();
  return Int32Array.from(keys, (key) => before[key % count]);
}

/** A field for the search: texts, and for each row the index of its text. */
function searchField(texts, at = null) {
  return { texts: texts.map((text) => (text ?? "").toLowerCase()), at };
}

/** Returns whether a row has each word of a search in some field. */
function searchTest(fields, search) {
  const words = search.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const perWord = words.map((word) =>
    fields.map(({ texts, at }) => ({ found: Uint8Array.from(texts, (text) => text.includes(word)), at })),
  );
  return (row) =>
    perWord.every((found) => found.some((field) => field.found[field.at === null ? row : field.at[row]] === 1));
}
