// Long lists are in the file as columns, which are smaller and faster to read than one object for each row.

/** Texts that begin with so many characters of the one before. Rows without a text are left out of account. */
function wholeTexts({ each, shared }) {
  let before = "";
  return each.map((rest, row) => {
    if (rest === null) return null;
    before = before.slice(0, shared[row]) + rest;
    return before;
  });
}

/** A list whose rows are kept as columns. */
class Columns {
  constructor(packed) {
    this.count = packed ? packed.rows : 0;
    this.columns = new Map(packed ? Object.entries(packed.columns) : []);
    for (const column of this.columns.values()) {
      if (column.shared !== undefined) column.each = wholeTexts(column);
    }
  }

  /** The value of a row, or null. */
  value(name, row) {
    const column = this.columns.get(name);
    if (column === undefined) return null;
    if (column.each !== undefined) return column.each[row];
    return column.values[column.at === undefined ? 0 : column.at[row]];
  }

  /** A column of numbers, by row. */
  numbers(name) {
    return Int32Array.from({ length: this.count }, (_, row) => this.value(name, row));
  }

  /** The different values of a column, and for each row the index of its value. */
  different(name) {
    const column = this.columns.get(name) ?? { values: [null] };
    const at = new Int32Array(this.count);
    if (column.each !== undefined) {
      for (let row = 0; row < this.count; row++) at[row] = row;
      return { values: column.each, at };
    }
    if (column.at !== undefined) at.set(column.at);
    return { values: column.values, at };
  }

  /** A row as an object with every field that some row has. */
  row(row) {
    return Object.fromEntries(Array.from(this.columns.keys(), (name) => [name, this.value(name, row)]));
  }
}
