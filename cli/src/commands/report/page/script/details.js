// The pages of one principal and of one API.

/** A page about one thing. The list has the search and the parameters of the address. */
function principalView(address) {
  const index = principalById().get(address.id);
  if (index === undefined) return unknownView("principal", address.id);
  const value = (name) => foreignOrNull(principals.value(name, index));
  const list = new ListView(ASSIGNMENTS, address, {
    test: (row) => principalOf[row] === index,
    hidden: ["principal", "kind"],
    detailed: true,
    fileName: `assignments-${fileNamePart(address.id)}`,
  });
  return {
    title: plain(principalName(index)),
    heading: foreign(principalName(index)),
    kind: wordFor(KINDS, principals.value("kind", index)),
    list,
    content: [
      facts([
        ["Object id", value("id")],
        ["Resource id", value("resourceId")],
        ["Resource group", value("resourceGroup")],
        ["Subscription", value("subscription")],
      ]),
      section("Assignments", list.root),
      relatedSection("Missing from the tenant", MISSING, (row) => missingPrincipalOf[row] === index, "principal"),
      relatedSection("Gone since the earlier report", GONE, (row) => gone.value("principalId", row) === address.id, "principal"),
    ],
  };
}

function apiView(address) {
  const index = apis.findIndex((api) => api.id === address.id);
  if (index < 0) return unknownView("API", address.id);
  const api = apis[index];
  const list = new ListView(ASSIGNMENTS, address, {
    test: (row) => apiOf[row] === index,
    hidden: ["api"],
    detailed: true,
    fileName: `assignments-${fileNamePart(address.id)}`,
  });
  return {
    title: plain(apiName(index)),
    heading: foreign(apiName(index)),
    kind: "API",
    list,
    content: [
      facts([
        ["Object id", foreignOrNull(api.id)],
        ["App id", foreignOrNull(api.appId)],
        ["Owner", wordFor(API_OWNERS, api.owner)],
        ["Principals", number(ofApi.holders[index])],
      ]),
      section("Assignments", list.root),
      roleSection(index),
      relatedSection("Missing from the tenant", MISSING, (row) => missingApiOf[row] === index, "api"),
      relatedSection("Gone since the earlier report", GONE, (row) => gone.value("apiName", row) === api.name, "api"),
    ],
  };
}

/** The roles of an API that are held. Others are only counted: Microsoft Graph has hundreds. */
function roleSection(index) {
  const counts = countBy(roles.length, roleOf);
  const first = firstRole[index];
  const all = (apis[index].roles ?? []).map((role, place) => ({ role, count: counts[first + place] }));
  const rows = all.filter(({ count }) => count > 0);
  const others = all.length - rows.length;
  const rest = others === 0 ? null : element("p", {}, `No principal holds ${others === all.length ? "a role of this API" : `the other ${counted(others, ["role", "roles"])}`}.`);
  if (rows.length === 0) return rest;
  return section("Roles", shortTable("Roles", [
    { key: "role", label: "Role", width: 40, cell: ({ role }) => roleCell(role) },
    { key: "id", label: "Id", width: 40, cell: ({ role }) => foreignOrNull(role.id) },
    { key: "count", label: "Assignments", width: 20, order: "number", cell: ({ count }) => number(count) },
  ], rows), rest);
}

/** The rows of another list that belong to the same principal or API. */
function relatedSection(title, list, test, hidden) {
  const rows = Array.from(list.order()).filter(test);
  if (rows.length === 0) return null;
  const columns = list.columns.filter(({ key }) => key !== hidden);
  return section(title, shortTable(title, columns, rows));
}

/** A part of a file name from an id of the document. */
function fileNamePart(id) {
  return id.replace(/[^A-Za-z0-9-]/g, "_").slice(0, 64);
}

function unknownView(kind, id) {
  return {
    title: "Not in this report",
    content: [element("p", {}, `This report has no ${kind} with the id `, foreign(id ?? ""), ".")],
  };
}
