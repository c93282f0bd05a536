// Asks the broker with the client that openapi-fetch and the generated types make, and prints what it saw.
import createClient from 'openapi-fetch';
import type { components, paths } from './api';

type Request = components['schemas']['AppRoleRequest'];

const [broker, key] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl: new URL('/api', broker).href, headers: { 'x-functions-key': key } });

async function ask(request: Request) {
  const { data, error, response } = await client.POST('/app-role-assignments', { body: request });
  // Both are typed: a result has roles, and a problem has a type.
  return { status: response.status, roles: data?.roles ?? error?.roles, type: error?.type };
}

async function main() {
  const request: Request = { principal: 'id-orders', api: 'api://orders', roles: ['Orders.Read'], action: 'assign' };
  const granted = await ask(request);
  const again = await ask({ ...request, principal: { displayName: 'id-orders' }, roles: 'Orders.Read' });
  const denied = await ask({ ...request, roles: ['Orders.Admin'] });
  const query = { principal: 'id-orders', api: 'api://orders' };
  const list = await client.GET('/app-role-assignments', { params: { query } });
  const held = list.data && 'assignments' in list.data ? list.data.assignments.map(({ value }) => value) : [];
  console.log(JSON.stringify({ granted, again, denied, held }));
}

// @ts-expect-error: an action that does not exist is refused by the compiler.
const wrong: Request = { principal: 'id-orders', api: 'api://orders', roles: ['Orders.Read'], action: 'grant' };

main().catch((error) => {
  console.error(error, wrong);
  process.exitCode = 1;
});
