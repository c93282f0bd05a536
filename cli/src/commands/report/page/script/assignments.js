// The list of assignments.

/** A search field of a column whose values are texts or lists of texts. */
function assignmentField(name) {
  const { values, at } = assignments.different(name);
  return searchField(values.map((value) => (Array.isArray(value) ? value.join("\n") : value)), at);
}

function assignmentFields() {
  const { values, at } = assignments.different("rules");
  const ruleTexts = values.map((allowing) => (allowing ?? []).map(ruleSearchText).join("\n"));
  return [
    searchField(principalFields()[0].texts, principalOf),
    searchField(apis.map((api, index) => [apiName(index), api.id, api.appId].join("\n")), apiOf),
    searchField(roles.map(({ role }) => [role.value, role.displayName, role.id].join("\n")), roleOf),
    searchField(ruleTexts, at),
    ...["requester", "reason", "requestId", "approvedBy", "recordedRule", "privileged"].map(assignmentField),
  ];
}

function ruleSearchText(index) {
  return [rules[index]?.name, rules[index]?.owner].join("\n");
}

function allowedBy(row) {
  return rulesOf(row).map(ruleName).join(", ");
}

/** Columns without a width are not shown. They can be sorted by. */
const ASSIGNMENT_COLUMNS = [
  {
    key: "principal", label: "Principal", width: 16,
    text: (row) => principalName(principalOf[row]),
    cell: (row) => [principalLink(principalOf[row]), detail(wordFor(KINDS, principals.value("kind", principalOf[row])))],
  },
  { key: "api", label: "API", width: 12, text: (row) => apiName(apiOf[row]), cell: (row) => apiLink(apiOf[row]) },
  {
    key: "role", label: "Role", width: 15,
    text: (row) => roleName(roles[roleOf[row]].role),
    cell: (row) => roleCell(roles[roleOf[row]].role, isNew(row) ? [" ", mark("New", "new")] : null),
  },
  {
    key: "privileged", label: "Privileged", width: 13,
    text: (row) => assignments.value("privileged", row),
    cell: (row) => isPrivileged(row)
      ? [mark("Privileged", "attention"), detail(foreign(assignments.value("privileged", row)))]
      : element("span", { class: "absent" }, "No"),
  },
  {
    key: "since", label: "Since", width: 10, order: "time",
    text: (row) => assignments.value("created", row),
    cell: (row) => assignments.value("created", row) === null
      ? element("span", { class: "absent" }, "Not known")
      : timeElement(assignments.value("created", row)),
  },
  {
    key: "until", label: "Until", width: 11, order: "time",
    text: (row) => assignments.value("endDateTime", row),
    cell: (row) => endCell(assignments.value("endDateTime", row), assignments.value("tokensUntil", row)),
  },
  {
    key: "requester", label: "Requested by", width: 16,
    text: (row) => assignments.value("requester", row),
    cell: (row) => requestCell(row, false),
    detailedCell: (row) => requestCell(row, true),
  },
  { key: "rule", label: "Allowed by", width: 16, text: allowedBy, cell: rulesCell },
  { key: "kind", label: "Kind", width: 0, text: (row) => wordFor(KINDS, principals.value("kind", principalOf[row])) },
  { key: "owner", label: "Owner of the rule", width: 0, text: (row) => ownersOf(row).join(", ") },
  { key: "reason", label: "Reason", width: 0, text: (row) => assignments.value("reason", row) },
  { key: "origin", label: "Origin", width: 0, text: (row) => wordFor(ORIGINS, assignments.value("origin", row)) },
  { key: "change", label: "New", width: 0, text: (row) => assignments.value("change", row) },
];

function assignmentFilters() {
  const coverage = (kind) => (row) => assignments.value("coverage", row) === kind;
  const origin = (kind) => (row) => assignments.value("origin", row) === kind;
  const filters = [
    apiFilter((row) => apiOf[row]),
    kindFilter((row) => principalOf[row]),
    choice("privileged", "Privileged", [
      ["yes", "Privileged", isPrivileged],
      ["no", "Not privileged", (row) => !isPrivileged(row)],
    ]),
    choice("ending", "End", [
      ["soon", `Ends within ${SOON_DAYS} days`, (row) => endingOf(row) === "soon"],
      ["past", "End has passed", (row) => endingOf(row) === "past"],
      ["with", "Has an end", (row) => endingOf(row) !== "none"],
      ["none", "No end", (row) => endingOf(row) === "none"],
    ]),
  ];
  if (hasPolicy) {
    filters.push(
      choice("coverage", "Coverage", [
        ["none", "No rule", isUncovered],
        ["rule", "A rule", coverage("rule")],
        ["baseline", "The baseline", coverage("baseline")],
        ["broker", "The broker's own roles", coverage("broker")],
      ]),
      ownerFilter(ownersOf),
      ruleFilter(),
    );
  }
  filters.push(choice("origin", "Origin", Array.from(ORIGINS, ([kind, text]) => [kind, text, origin(kind)])));
  if (isCompared) {
    filters.push(choice("change", "Change", [
      ["new", "New", isNew],
      ["known", "Not new", (row) => !isNew(row)],
    ]));
  }
  return filters;
}

function ruleFilter() {
  const choices = rules.map((rule, index) => [
    ruleKey(rule),
    `${ruleName(index)} (${wordFor(LISTS, rule.list)})`,
    (row) => rulesOf(row).some((allowing) => rules[allowing] && ruleKey(rules[allowing]) === ruleKey(rule)),
  ]);
  return choice("rule", "Rule", choices);
}

function assignmentJson(row) {
  const principal = principalOf[row];
  const { id, name, kind } = principals.row(principal);
  const api = apis[apiOf[row]];
  const fields = assignments.row(row);
  return {
    ...fields,
    principal: { id, name, kind },
    api: { id: api.id, appId: api.appId, name: api.name },
    role: roles[roleOf[row]].role,
    rules: rulesOf(row).map((index) => rules[index]?.name ?? null),
    owners: ownersOf(row),
  };
}

const ASSIGNMENT_FILES = [
  ["Principal", (row) => principals.value("name", principalOf[row])],
  ["Principal id", (row) => principals.value("id", principalOf[row])],
  ["Kind", (row) => principals.value("kind", principalOf[row])],
  ["Resource id", (row) => principals.value("resourceId", principalOf[row])],
  ["API", (row) => apis[apiOf[row]].name],
  ["API id", (row) => apis[apiOf[row]].id],
  ["Role", (row) => roles[roleOf[row]].role.value],
  ["Role id", (row) => roles[roleOf[row]].role.id],
  ["Privileged", (row) => assignments.value("privileged", row)],
  ["Since", (row) => assignments.value("created", row)],
  ["Until", (row) => assignments.value("endDateTime", row)],
  ["Tokens until", (row) => assignments.value("tokensUntil", row)],
  ["Requested by", (row) => assignments.value("requester", row)],
  ["Reason", (row) => assignments.value("reason", row)],
  ["Request", (row) => assignments.value("requestId", row)],
  ["Approved by", (row) => (assignments.value("approvedBy", row) ?? []).join("; ")],
  ["Rule in the record", (row) => assignments.value("recordedRule", row)],
  ["Allowed by", (row) => rulesOf(row).map((index) => rules[index]?.name).join("; ")],
  ["Coverage", (row) => assignments.value("coverage", row)],
  ["Owner", (row) => ownersOf(row).join("; ")],
  ["Origin", (row) => assignments.value("origin", row)],
  ["Change", (row) => assignments.value("change", row)],
];

const ASSIGNMENTS = listOf({
  key: "assignments",
  title: "Assignments",
  noun: ["assignment", "assignments"],
  usualOrder: "Principal, API, role",
  count: assignments.count,
  columns: ASSIGNMENT_COLUMNS,
  order: () => rowsBy(assignments.count, ["role", "api", "principal"].map((key) => ASSIGNMENT_COLUMNS.find((column) => column.key === key))),
  fields: assignmentFields,
  filters: assignmentFilters,
  files: ASSIGNMENT_FILES,
  json: assignmentJson,
});
