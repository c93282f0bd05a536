// The document, and what follows from it for each principal, API, role and rule.

const report = JSON.parse(document.getElementById("report").textContent);
const principals = new Columns(report.principals);
const assignments = new Columns(report.assignments);
const missing = new Columns(report.missing);
const gone = new Columns(report.gone);
const apis = report.apis ?? [];
const rules = report.rules ?? [];
const notes = report.notes ?? [];

/** Whether a policy was given. Without one, nothing is said about rules. */
const hasPolicy = Boolean(report.policy);
/** Whether the report was compared with an earlier one. */
const isCompared = Boolean(report.comparedWith);

/** An assignment ends soon if its end is at most so many days after the report was made. */
const SOON_DAYS = 14;
const DAY = 24 * 60 * 60 * 1000;
const generatedAt = Date.parse(report.generatedAt);

const principalOf = assignments.numbers("principal");
const apiOf = assignments.numbers("api");

/** The roles of all APIs in one list, and the place of each API's first one in it. */
const roles = [];
const firstRole = apis.map((api, index) => {
  const first = roles.length;
  for (const role of api.roles ?? []) roles.push({ api: index, role });
  return first;
});
const roleOf = assignments.numbers("role").map((role, row) => firstRole[apiOf[row]] + role);

const KINDS = new Map([
  ["managedIdentity", "Managed identity"],
  ["application", "Application"],
  ["agent", "Agent identity"],
  ["agentBlueprint", "Agent blueprint"],
  ["other", "Other"],
]);
const API_OWNERS = new Map([
  ["thisTenant", "This tenant"],
  ["microsoft", "Microsoft"],
  ["other", "Another tenant"],
  ["unknown", "Not known"],
]);
const ORIGINS = new Map([
  ["broker", "The broker"],
  ["other", "Not the broker"],
  ["unknown", "Not known"],
]);
const LISTS = new Map([
  ["allow", "On request"],
  ["baseline", "Baseline"],
]);

/** The word for a value of the document. A value that this page does not know is shown as it is. */
function wordFor(words, value) {
  return words.get(value) ?? plain(value ?? "");
}

function principalName(index) {
  return nameOr(principals.value("name", index), principals.value("id", index));
}

function apiName(index) {
  const api = apis[index];
  return nameOr(api?.name, api?.id);
}

function roleName({ value, displayName, id }) {
  return nameOr(value, nameOr(displayName, id));
}

function ruleName(index) {
  return nameOr(rules[index]?.name, `rule ${index + 1}`);
}

/** What selects a rule in an address. */
function ruleKey(rule) {
  return `${rule.list}:${rule.name}`;
}

/** The rules that allow an assignment today. */
function rulesOf(row) {
  return assignments.value("rules", row) ?? [];
}

/** For each assignment the owners of the rules that allow it, each once. */
const ownersOf = (() => {
  const { values, at } = assignments.different("rules");
  const owners = values.map((allowing) => {
    const each = (allowing ?? []).map((index) => rules[index]?.owner).filter((owner) => owner);
    return [...new Set(each)];
  });
  return (row) => owners[at[row]];
})();

/** Whether no rule of the given policy allows an assignment. */
function isUncovered(row) {
  return hasPolicy && assignments.value("coverage", row) === "none";
}

function isPrivileged(row) {
  return assignments.value("privileged", row) !== null;
}

function isNew(row) {
  return assignments.value("change", row) === "new";
}

/** How an end relates to the time of the report: "past", "soon", "later", or "none". */
function ending(time) {
  if (time === null) return "none";
  const left = Date.parse(time) - generatedAt;
  if (left <= 0) return "past";
  return left <= SOON_DAYS * DAY ? "soon" : "later";
}

/** For each assignment how its end relates to the time of the report. */
const endingOf = (() => {
  const { values, at } = assignments.different("endDateTime");
  const endings = values.map(ending);
  return (row) => endings[at[row]];
})();

/** How many rows of a list have each value of an index, among those that pass a test. */
function countBy(size, of, test = () => true) {
  const counts = new Int32Array(size);
  of.forEach((index, row) => {
    if (test(row)) counts[index]++;
  });
  return counts;
}

/** How many assignments pass a test. */
function countWhere(test) {
  let count = 0;
  for (let row = 0; row < assignments.count; row++) if (test(row)) count++;
  return count;
}

const missingPrincipalOf = missing.numbers("principal");
const missingApiOf = missing.numbers("api");

/** Counts for each principal. */
const ofPrincipal = {
  assignments: countBy(principals.count, principalOf),
  privileged: countBy(principals.count, principalOf, isPrivileged),
  uncovered: countBy(principals.count, principalOf, isUncovered),
  missing: countBy(principals.count, missingPrincipalOf),
};

/** Counts for each API. */
const ofApi = {
  assignments: countBy(apis.length, apiOf),
  privileged: countBy(apis.length, apiOf, isPrivileged),
  uncovered: countBy(apis.length, apiOf, isUncovered),
  holders: (() => {
    const holders = apis.map(() => new Set());
    principalOf.forEach((principal, row) => holders[apiOf[row]].add(principal));
    return holders.map((held) => held.size);
  })(),
};

/** Whether a rule allows no assignment. */
function isUnused(rule) {
  return !(rule.assignments > 0);
}

/** Whether a rule has expired at the time of the report. */
function isExpired(rule) {
  return ending(rule.expires ?? null) === "past";
}
