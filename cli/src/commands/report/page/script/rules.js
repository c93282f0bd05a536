// The list of rules.

/** What a rule allows, in words. */
function ruleScopeCell(row) {
  const rule = rules[row];
  const list = (label, texts) => {
    const shown = foreignList(texts);
    return shown === null ? null : detail(`${label}: `, shown);
  };
  return [
    foreignOrNull(rule.api),
    list("Roles", rule.roles),
    list("Principals", rule.principals),
    list("Requesters", rule.requesters),
    list("Actions", rule.actions),
  ];
}

/** What limits the use of a rule. */
function ruleLimitsCell(row) {
  const rule = rules[row];
  const limits = [
    isExpired(rule) ? mark("Expired", "serious") : null,
    rule.privileged ? mark("Privileged", "attention") : null,
    rule.expires ? detail("Rule ends ", timeElement(rule.expires)) : null,
    rule.maxDuration ? detail("Assigns for at most ", foreign(rule.maxDuration)) : null,
    rule.approval ? detail("Approval: ", foreign(rule.approval)) : null,
  ].filter((limit) => limit !== null);
  return limits.length === 0 ? element("span", { class: "absent" }, "None") : limits;
}

function ruleUseCell(row) {
  const rule = rules[row];
  return isUnused(rule) ? mark("Not used", "attention") : countLink(rule.assignments, { rule: ruleKey(rule) });
}

const RULE_COLUMNS = [
  textColumn("name", "Rule", 22, ruleName, (row) => [foreign(ruleName(row)), rules[row].description ? detail(foreign(rules[row].description)) : null]),
  textColumn("list", "Assigns", 9, (row) => wordFor(LISTS, rules[row].list)),
  textColumn("owner", "Owner", 14, (row) => rules[row].owner ?? "", (row) => foreignOrNull(rules[row].owner) ?? element("span", { class: "absent" }, "No owner")),
  textColumn("api", "Allows", 28, (row) => rules[row].api ?? "", ruleScopeCell),
  textColumn("limits", "Limits", 15, (row) => rules[row].expires ?? "", ruleLimitsCell),
  { key: "assignments", label: "Assignments", width: 12, order: "number", text: (row) => rules[row].assignments ?? 0, cell: ruleUseCell },
];

function joined(name) {
  return (row) => (rules[row][name] ?? []).join("; ");
}

function ruleFilters() {
  const filters = [
    choice("use", "Use", [
      ["unused", "Not used", (row) => isUnused(rules[row])],
      ["used", "Used", (row) => !isUnused(rules[row])],
    ]),
    choice("list", "Assigns", Array.from(LISTS, ([list, text]) => [list, text, (row) => rules[row].list === list])),
    choice("privileged", "Privileged", [
      ["yes", "Privileged", (row) => Boolean(rules[row].privileged)],
      ["no", "Not privileged", (row) => !rules[row].privileged],
    ]),
    ownerFilter((row) => (rules[row].owner ? [rules[row].owner] : [])),
    choice("rule", "Rule", rules.map((rule, index) => [
      ruleKey(rule),
      `${ruleName(index)} (${wordFor(LISTS, rule.list)})`,
      (row) => ruleKey(rules[row]) === ruleKey(rule),
    ])),
  ];
  return filters;
}

function ruleFields() {
  const text = (rule) => [
    rule.name, rule.owner, rule.description, rule.api, rule.approval,
    ...(rule.roles ?? []), ...(rule.principals ?? []), ...(rule.requesters ?? []),
  ];
  return [searchField(rules.map((rule) => text(rule).join("\n")))];
}

const RULES = listOf({
  key: "rules",
  title: "Rules",
  noun: ["rule", "rules"],
  usualOrder: "As in the policy",
  count: rules.length,
  columns: RULE_COLUMNS,
  order: () => allRows(rules.length),
  fields: ruleFields,
  filters: ruleFilters,
  files: [
    ["Rule", (row) => rules[row].name],
    ["List", (row) => rules[row].list],
    ["Owner", (row) => rules[row].owner],
    ["Description", (row) => rules[row].description],
    ["Expires", (row) => rules[row].expires],
    ["Longest duration", (row) => rules[row].maxDuration],
    ["Approval", (row) => rules[row].approval],
    ["Privileged", (row) => (rules[row].privileged ? "yes" : "no")],
    ["Requesters", joined("requesters")],
    ["Principals", joined("principals")],
    ["API", (row) => rules[row].api],
    ["Roles", joined("roles")],
    ["Actions", joined("actions")],
    ["Assignments", (row) => rules[row].assignments ?? 0],
  ],
  json: (row) => rules[row],
});
