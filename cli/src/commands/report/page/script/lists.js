// What lists have in common: parts that are made at first use, and kinds of filters.

/** A list whose order and search fields are made once. */
function listOf({ order, fields, ...list }) {
  return { ...list, order: once(order), fields: once(fields), filters: once(list.filters ?? (() => [])) };
}

/** A function that computes its value at the first call. */
function once(compute) {
  let value;
  let isComputed = false;
  return () => {
    if (!isComputed) {
      value = compute();
      isComputed = true;
    }
    return value;
  };
}

/** The numbers from zero. */
function allRows(count) {
  return Int32Array.from({ length: count }, (_, row) => row);
}

/** All rows, sorted by columns, of which the last one counts most. */
function rowsBy(count, columns) {
  return columns.reduce((rows, column) => sortedRows(rows, ranks(count, column), false), allRows(count));
}

/** A filter whose options have a test each. */
function choice(key, label, choices) {
  const tests = new Map(choices.map(([value, , test]) => [value, test]));
  return {
    key,
    label,
    options: [["", "All"], ...choices.map(([value, text]) => [value, text])],
    test: (value) => tests.get(value) ?? null,
  };
}

/** A filter for one of the values that rows have. `label` gives the text of an option. */
function oneOf(key, label, values, has) {
  const choices = values.map(([value, text]) => [value, text, has(value)]);
  return choice(key, label, choices);
}

/** The owners of rules, each once, in order. */
const ruleOwners = once(() => {
  const owners = new Set(rules.map((rule) => rule.owner).filter((owner) => owner));
  return Array.from(owners).sort(COLLATOR.compare);
});

/** What selects an owner in an address. "none" is no owner, so that an owner with this name is another one. */
function ownerKey(owner) {
  return `=${owner}`;
}

/** A filter by the owners that rows have; `owners` gives those of a row. */
function ownerFilter(owners) {
  const each = ruleOwners().map((owner) => [ownerKey(owner), owner, (row) => owners(row).includes(owner)]);
  return choice("owner", "Owner of the rule", [["none", "No owner", (row) => owners(row).length === 0], ...each]);
}

/** A filter by kind of the principals that the report has. */
function kindFilter(principal) {
  const { values } = principals.different("kind");
  const kinds = [...new Set(values)].filter((kind) => kind !== null);
  return choice("kind", "Kind", kinds.map((kind) => [kind, wordFor(KINDS, kind), (row) => principals.value("kind", principal(row)) === kind]));
}

/** A filter by API. `apiAt` gives the index of a row's API. */
function apiFilter(apiAt) {
  const choices = apis.map((api, index) => [api.id, apiName(index), (row) => apiAt(row) === index]);
  choices.sort(([, left], [, right]) => COLLATOR.compare(left, right));
  return choice("api", "API", choices);
}

const principalFields = once(() => [
  searchField(Array.from(allRows(principals.count), (row) => principalSearchText(row))),
]);

function principalSearchText(row) {
  const fields = ["name", "id", "resourceId", "subscription", "resourceGroup"];
  return fields.map((field) => principals.value(field, row) ?? "").join("\n");
}
