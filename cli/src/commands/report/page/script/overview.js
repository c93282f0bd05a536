// The overview: what was reported, and the counts that lead into the lists.

function overviewView() {
  return {
    title: "Overview",
    content: [reportFacts(), counts(), notesSection(), apiSection(), ownerSection()],
  };
}

function reportFacts() {
  const { policy, comparedWith } = report;
  return facts([
    ["Made at (UTC)", timeElement(report.generatedAt)],
    ["Tenant", foreignOrNull(report.tenantId)],
    ["Compared with the report of (UTC)", comparedWith ? timeElement(comparedWith.generatedAt) : null],
    ["app-role", foreignOrNull(report.brokerVersion)],
    ["Policy", policy ? [foreignOrNull(policy.file), policy.sha256 ? detail("SHA-256 ", foreign(policy.sha256)) : null] : "Not given: nothing is said about rules"],
  ]);
}

/** A number and what it counts. All of it is a link. */
function card(count, text, address, kind = null) {
  const weight = count > 0 && kind !== null ? `card ${kind}` : "card";
  return element("li", {}, element("a", { href: address, class: weight }, element("span", { class: "card-number" }, number(count)), element("span", {}, text)));
}

function counts() {
  const of = (parameters) => addressOf("assignments", null, parameters);
  const soon = countWhere((row) => endingOf(row) === "soon");
  const past = countWhere((row) => endingOf(row) === "past");
  const cards = [
    card(principals.count, "Principals", addressOf("principals")),
    card(apis.length, "APIs", addressOf("apis")),
    card(assignments.count, "Assignments", of({})),
    card(countWhere(isPrivileged), "Privileged assignments", of({ privileged: "yes" }), "attention"),
    card(soon, `End within ${SOON_DAYS} days`, of({ ending: "soon" }), "attention"),
  ];
  if (past > 0) cards.push(card(past, "End has passed", of({ ending: "past" }), "serious"));
  if (hasPolicy) {
    cards.push(
      card(countWhere(isUncovered), "Allowed by no rule", of({ coverage: "none" }), "serious"),
      card(missing.count, "Missing: in the baseline, not in the tenant", addressOf("missing"), "serious"),
      card(rules.filter(isUnused).length, "Rules that are not used", addressOf("rules", null, { use: "unused" }), "attention"),
    );
  }
  if (isCompared) {
    cards.push(
      card(countWhere(isNew), "New since the earlier report", of({ change: "new" }), "new"),
      card(gone.count, "Gone since the earlier report", addressOf("gone"), "new"),
    );
  }
  return element("ul", { class: "cards" }, cards);
}

function section(title, ...content) {
  return element("section", {}, element("h2", {}, title), content);
}

function noteList() {
  return element("ul", { class: "notes" }, notes.map((note) => element("li", {}, foreign(note))));
}

function notesSection() {
  return notes.length === 0 ? null : section("What this report does not know", noteList());
}

/** The longest list of APIs on the overview. */
const SHOWN_APIS = 10;

function apiSection() {
  if (apis.length === 0) return null;
  const byPrivileged = Array.from(allRows(apis.length)).sort(
    (left, right) => ofApi.privileged[right] - ofApi.privileged[left] || ofApi.assignments[right] - ofApi.assignments[left],
  );
  const columns = API_COLUMNS.filter(({ key }) => key !== "roles");
  const more = apis.length > SHOWN_APIS ? element("p", {}, link(addressOf("apis"), `All ${number(apis.length)} APIs`)) : null;
  return section("APIs with the most privileged assignments", shortTable("APIs with the most privileged assignments", columns, byPrivileged.slice(0, SHOWN_APIS)), more);
}

/** For each owner of rules: the rules, and the assignments that they allow. */
function ownerSection() {
  if (rules.length === 0) return null;
  const has = (owner) => (rule) => (owner === null ? !rule.owner : rule.owner === owner);
  const rows = [...ruleOwners(), null]
    .map((owner) => {
      const owned = rules.filter(has(owner));
      const held = countWhere((row) => rulesOf(row).some((index) => rules[index] && has(owner)(rules[index])));
      return { owner, rules: owned.length, unused: owned.filter(isUnused).length, assignments: held };
    })
    .filter((row) => row.rules > 0);
  const key = ({ owner }) => (owner === null ? "none" : ownerKey(owner));
  const ruleCount = (count, row, more = {}) => (count === 0 ? "0" : link(addressOf("rules", null, { owner: key(row), ...more }), number(count)));
  return section("Owners of rules", shortTable("Owners of rules", [
    { key: "owner", label: "Owner", width: 40, cell: ({ owner }) => foreignOrNull(owner) ?? "No owner" },
    { key: "rules", label: "Rules", width: 20, order: "number", cell: (row) => ruleCount(row.rules, row) },
    { key: "unused", label: "Not used", width: 20, order: "number", cell: (row) => ruleCount(row.unused, row, { use: "unused" }) },
    {
      key: "assignments", label: "Assignments", width: 20, order: "number",
      cell: (row) => (row.owner === null ? number(row.assignments) : countLink(row.assignments, { owner: key(row) })),
    },
  ], rows));
}
