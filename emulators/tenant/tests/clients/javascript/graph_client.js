// Does with Microsoft's JavaScript client what an operator's script does, and prints what it saw.
//
// The client sends tokens and its own headers to https://graph.microsoft.com only. So it is given
// that address. The last of its handlers sends the requests to the emulated tenant instead, and
// changes the links in the answers back.
"use strict";

const {
  Client,
  HTTPMessageHandler,
  MiddlewareFactory,
  PageIterator,
} = require("@microsoft/microsoft-graph-client");

const MICROSOFT_GRAPH = "https://graph.microsoft.com";
const ASSIGNMENT = "#microsoft.graph.appRoleAssignment";

const given = JSON.parse(process.argv[2]);

class EmulatedTenant {
  async execute(context) {
    const sent = new Headers(context.options.headers);
    if (!sent.get("SdkVersion")?.startsWith("graph-js/")) {
      throw new Error("the client sent no headers of its own");
    }
    context.request = context.request.replace(MICROSOFT_GRAPH, given.graph);
    await new HTTPMessageHandler().execute(context);
    const { status, headers } = context.response;
    const text = (await context.response.text()).replaceAll(given.graph, MICROSOFT_GRAPH);
    context.response = new Response(text === "" ? null : text, { status, headers });
  }
}

const authentication = { getAccessToken: async () => given.token };
const middleware = MiddlewareFactory.getDefaultMiddlewareChain(authentication);
middleware[middleware.length - 1] = new EmulatedTenant();
const client = Client.initWithMiddleware({ middleware });

const held = `/servicePrincipals/${given.principal}/appRoleAssignments`;
const heldByAppId = `/servicePrincipals(appId='${given.principalAppId}')/appRoleAssignments`;
const granted = `/servicePrincipals/${given.api}/appRoleAssignedTo`;

function assignment(role, type) {
  return {
    "@odata.type": type,
    principalId: given.principal,
    resourceId: given.api,
    appRoleId: role,
  };
}

async function refusal(request) {
  try {
    await request;
  } catch (error) {
    return { status: error.statusCode, code: error.code, message: error.message };
  }
  throw new Error("the request succeeded");
}

async function find() {
  const found = await client
    .api("/servicePrincipals")
    .header("ConsistencyLevel", "eventual")
    .filter(`displayName eq '${given.apiName}'`)
    .select(["id", "appId", "displayName", "appRoles"])
    .count(true)
    .get();
  const { id, appRoles } = found.value[0];
  return { id, count: found["@odata.count"], roles: appRoles.map((role) => role.id) };
}

async function list(path) {
  const ids = [];
  const first = await client.api(path).top(2).get();
  await new PageIterator(client, first, (one) => ids.push(one.id) > 0).iterate();
  return ids;
}

async function run() {
  const seen = { found: await find() };
  const paths = [held, granted, heldByAppId];
  seen.created = [];
  for (const [index, role] of given.roles.entries()) {
    const body = assignment(role, ASSIGNMENT);
    seen.created.push(await client.api(paths[index]).post(body));
  }
  const again = (path, type) => client.api(path).post(assignment(given.roles[0], type));
  seen.duplicates = [await refusal(again(held, ASSIGNMENT))];
  seen.duplicates.push(await refusal(again(granted, ASSIGNMENT)));
  seen.wrongType = await refusal(again(held, "#microsoft.graph.user"));
  seen.listed = [await list(held), await list(granted)];
  const [first, second, third] = seen.created;
  await client.api(`${held}/${first.id}`).delete();
  await client.api(`${granted}/${second.id}`).delete();
  seen.deletedTwice = await refusal(client.api(`${held}/${first.id}`).delete());
  const principal = client.api(`/servicePrincipals/${given.principal}`);
  const { appRoleAssignments } = await principal.expand("appRoleAssignments").get();
  seen.left = appRoleAssignments.map((one) => one.id);
  seen.read = await client.api(`${granted}/${third.id}`).select("id,appRoleId").get();
  console.log(JSON.stringify(seen));
}

run().catch((error) => {
  console.error(error);
  process.exit(1);
});
