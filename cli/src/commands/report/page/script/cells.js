// What cells of several lists show.

function principalLink(index) {
  const address = addressOf("principal", principals.value("id", index));
  return link(address, foreign(principalName(index)));
}

function apiLink(index) {
  return link(addressOf("api", apis[index]?.id ?? ""), foreign(apiName(index)));
}

function ruleLink(index) {
  const rule = rules[index];
  return rule === undefined
    ? foreign(ruleName(index))
    : link(addressOf("rules", null, { rule: ruleKey(rule) }), foreign(ruleName(index)));
}

/** A role, with `added` behind it, and with its display name below it, if it says more. */
function roleCell(role, added = null) {
  const name = roleName(role);
  const more = role.displayName && role.displayName !== name ? detail(foreign(role.displayName)) : null;
  const unknown = name === role.id ? detail("Without a value, or no longer defined by the API") : null;
  return [foreign(name), added, more, unknown];
}

function endCell(time, tokensUntil) {
  const end = time === null ? "No end" : timeElement(time);
  const marks = {
    soon: mark("Ends soon", "attention"),
    past: mark("End has passed", "serious"),
  };
  const tokens = tokensUntil === null ? null : detail("Tokens until ", timeElement(tokensUntil));
  return [end, " ", marks[ending(time)] ?? null, tokens];
}

/** What is said about an assignment without a requester, by its origin. Without the record it is not known. */
const WITHOUT_REQUESTER = new Map([
  ["broker", "Without a request"],
  ["other", "Not on record"],
]);

/** Who asked, why, and who approved it. The ids of requests are on the pages of principals and APIs only. */
function requestCell(row, detailed) {
  const requester = assignments.value("requester", row);
  const reason = assignments.value("reason", row);
  const approvedBy = assignments.value("approvedBy", row) ?? [];
  const requestId = detailed ? assignments.value("requestId", row) : null;
  const origin = assignments.value("origin", row);
  return [
    requester === null ? element("span", { class: "absent" }, WITHOUT_REQUESTER.get(origin) ?? "Not known") : foreign(requester),
    reason === null ? null : detail("Reason: ", foreign(reason)),
    approvedBy.length === 0 ? null : detail("Approved by ", separated(approvedBy.map(foreign))),
    requestId === null ? null : detail("Request ", foreign(requestId)),
    origin === "other" ? detail("Not assigned by the broker") : null,
  ];
}

/** The rules that allow an assignment today, and the rule of the record if that is another one. */
function rulesCell(row) {
  const allowing = rulesOf(row);
  const recorded = assignments.value("recordedRule", row);
  const differs = recorded !== null && !allowing.some((index) => rules[index]?.name === recorded);
  const owners = ownersOf(row);
  return [
    allowing.length === 0 ? noRule(row) : separated(allowing.map(ruleLink)),
    assignments.value("coverage", row) === "baseline" ? detail("Baseline") : null,
    owners.length === 0 ? null : detail("Owner: ", separated(owners.map(foreign))),
    differs ? detail("Rule in the record: ", foreign(recorded)) : null,
  ];
}

function noRule(row) {
  if (!hasPolicy) return element("span", { class: "absent" }, "No policy given");
  if (isUncovered(row)) return mark("No rule", "serious");
  return assignments.value("coverage", row) === "broker" ? "The broker's own role" : "";
}

/** Elements with commas between them. */
function separated(elements) {
  return elements.flatMap((each, index) => (index === 0 ? [each] : [", ", each]));
}

/** Texts of others with commas between them, or null if there are none. */
function foreignList(texts) {
  return texts && texts.length > 0 ? separated(texts.map(foreign)) : null;
}

/** A count that leads to the assignments that it counts. */
function countLink(count, parameters) {
  return count === 0 ? "0" : link(addressOf("assignments", null, parameters), number(count));
}
