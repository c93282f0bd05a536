// The lists of principals, APIs, missing assignments and assignments that are gone.

/** A column that counts assignments. The number leads to them, if `parameters` gives the filter. */
function countColumn(key, label, count, parameters) {
  const cell = (row) => (parameters === undefined ? number(count(row)) : countLink(count(row), parameters(row)));
  return { key, label, width: 12, order: "number", text: count, cell };
}

/** A column that shows a text of the document. */
function textColumn(key, label, width, text, cell = null) {
  return { key, label, width, text, cell: cell ?? ((row) => foreignOrNull(text(row))) };
}

/** Fields of CSV files from the columns of a list. */
function filesOf(columns) {
  return columns.map(({ label, text }) => [label, text]);
}

const PRINCIPAL_COLUMNS = [
  textColumn("name", "Principal", 24, principalName, (row) => [principalLink(row), detail(foreign(principals.value("id", row)))]),
  textColumn("kind", "Kind", 10, (row) => wordFor(KINDS, principals.value("kind", row))),
  textColumn("resourceGroup", "Resource group", 13, (row) => principals.value("resourceGroup", row)),
  textColumn("subscription", "Subscription", 14, (row) => principals.value("subscription", row)),
  countColumn("assignments", "Assignments", (row) => ofPrincipal.assignments[row]),
  countColumn("privileged", "Privileged", (row) => ofPrincipal.privileged[row]),
  ...(hasPolicy ? [
    countColumn("uncovered", "No rule", (row) => ofPrincipal.uncovered[row]),
    countColumn("missing", "Missing", (row) => ofPrincipal.missing[row]),
  ] : []),
];

const PRINCIPALS = listOf({
  key: "principals",
  title: "Principals",
  noun: ["principal", "principals"],
  usualOrder: "Name",
  count: principals.count,
  columns: PRINCIPAL_COLUMNS,
  order: () => rowsBy(principals.count, [PRINCIPAL_COLUMNS[0]]),
  fields: principalFields,
  filters: () => [
    kindFilter((row) => row),
    choice("holds", "Holds", [
      ["any", "Some role", (row) => ofPrincipal.assignments[row] > 0],
      ["privileged", "A privileged role", (row) => ofPrincipal.privileged[row] > 0],
      ...(hasPolicy ? [["uncovered", "A role that no rule allows", (row) => ofPrincipal.uncovered[row] > 0]] : []),
      ["none", "No role", (row) => ofPrincipal.assignments[row] === 0],
    ]),
  ],
  files: [["Id", (row) => principals.value("id", row)], ...filesOf(PRINCIPAL_COLUMNS), ["Resource id", (row) => principals.value("resourceId", row)]],
  json: (row) => ({
    ...principals.row(row),
    assignments: ofPrincipal.assignments[row],
    privileged: ofPrincipal.privileged[row],
    uncovered: hasPolicy ? ofPrincipal.uncovered[row] : null,
  }),
});

const API_COLUMNS = [
  textColumn("name", "API", 26, apiName, (row) => [apiLink(row), detail(foreign(apis[row].id))]),
  textColumn("owner", "Owner", 14, (row) => wordFor(API_OWNERS, apis[row].owner)),
  countColumn("roles", "Roles", (row) => (apis[row].roles ?? []).length),
  countColumn("holders", "Principals", (row) => ofApi.holders[row]),
  countColumn("assignments", "Assignments", (row) => ofApi.assignments[row], (row) => ({ api: apis[row].id })),
  countColumn("privileged", "Privileged", (row) => ofApi.privileged[row], (row) => ({ api: apis[row].id, privileged: "yes" })),
  ...(hasPolicy ? [countColumn("uncovered", "No rule", (row) => ofApi.uncovered[row], (row) => ({ api: apis[row].id, coverage: "none" }))] : []),
];

const APIS = listOf({
  key: "apis",
  title: "APIs",
  noun: ["API", "APIs"],
  usualOrder: "Name",
  count: apis.length,
  columns: API_COLUMNS,
  order: () => rowsBy(apis.length, [API_COLUMNS[0]]),
  fields: () => [searchField(apis.map((api, index) => [apiName(index), api.id, api.appId].join("\n")))],
  filters: () => [choice("owner", "Owner", Array.from(API_OWNERS, ([owner, text]) => [owner, text, (row) => apis[row].owner === owner]))],
  files: [["Id", (row) => apis[row].id], ["App id", (row) => apis[row].appId], ...filesOf(API_COLUMNS)],
  json: (row) => ({ ...apis[row], holders: ofApi.holders[row], assignments: ofApi.assignments[row], privileged: ofApi.privileged[row] }),
});

function missingRole(row) {
  return apis[missingApiOf[row]]?.roles?.[missing.value("role", row)] ?? { value: null };
}

const MISSING_COLUMNS = [
  textColumn("principal", "Principal", 24, (row) => principalName(missingPrincipalOf[row]), (row) => principalLink(missingPrincipalOf[row])),
  textColumn("api", "API", 25, (row) => apiName(missingApiOf[row]), (row) => apiLink(missingApiOf[row])),
  textColumn("role", "Role", 25, (row) => roleName(missingRole(row)), (row) => roleCell(missingRole(row))),
  textColumn("rule", "Rule of the baseline", 25, (row) => ruleName(missing.value("rule", row)), (row) => ruleLink(missing.value("rule", row))),
];

const MISSING = listOf({
  key: "missing",
  title: "Missing from the tenant",
  noun: ["missing assignment", "missing assignments"],
  usualOrder: "Principal, API, role",
  count: missing.count,
  columns: MISSING_COLUMNS,
  order: () => rowsBy(missing.count, [2, 1, 0].map((index) => MISSING_COLUMNS[index])),
  fields: () => MISSING_COLUMNS.map(({ text }) => searchField(Array.from(allRows(missing.count), text))),
  filters: () => [apiFilter((row) => missingApiOf[row]), kindFilter((row) => missingPrincipalOf[row])],
  files: [["Principal id", (row) => principals.value("id", missingPrincipalOf[row])], ...filesOf(MISSING_COLUMNS)],
  json: (row) => ({
    principal: { id: principals.value("id", missingPrincipalOf[row]), name: principals.value("name", missingPrincipalOf[row]) },
    api: { id: apis[missingApiOf[row]]?.id, name: apis[missingApiOf[row]]?.name },
    role: missingRole(row),
    rule: rules[missing.value("rule", row)]?.name ?? null,
  }),
});

const GONE_COLUMNS = [
  textColumn("principal", "Principal", 30, (row) => nameOr(gone.value("principalName", row), gone.value("principalId", row)), gonePrincipal),
  textColumn("api", "API", 25, (row) => gone.value("apiName", row)),
  textColumn("role", "Role", 25, (row) => gone.value("role", row)),
  {
    key: "since", label: "Since", width: 15, order: "time",
    text: (row) => gone.value("created", row),
    cell: (row) => (gone.value("created", row) === null ? "" : timeElement(gone.value("created", row))),
  },
];

/** A principal that is in this report, too, has a page. */
function gonePrincipal(row) {
  const id = gone.value("principalId", row);
  const name = foreign(GONE_COLUMNS[0].text(row));
  return [principalById().has(id) ? link(addressOf("principal", id), name) : name, detail(foreign(id ?? ""))];
}

const principalById = once(() => new Map(Array.from(allRows(principals.count), (row) => [principals.value("id", row), row])));

const GONE = listOf({
  key: "gone",
  title: "Gone since the earlier report",
  noun: ["assignment that is gone", "assignments that are gone"],
  usualOrder: "Principal, API, role",
  count: gone.count,
  columns: GONE_COLUMNS,
  order: () => rowsBy(gone.count, [2, 1, 0].map((index) => GONE_COLUMNS[index])),
  fields: () => [...GONE_COLUMNS.map(({ text }) => text), (row) => gone.value("principalId", row)]
    .map((text) => searchField(Array.from(allRows(gone.count), text))),
  files: [["Principal id", (row) => gone.value("principalId", row)], ...filesOf(GONE_COLUMNS)],
  json: (row) => gone.row(row),
});
