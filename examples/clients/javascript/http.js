// Asks for app roles over HTTP, and waits for the result.
//   node http.js ../request.json
// APP_ROLE_BROKER is the URL of the broker, and APP_ROLE_BROKER_KEY a function key of AssignRoleHttp.
const { readFileSync } = require('node:fs');
const { setTimeout: pause } = require('node:timers/promises');

const endpoint = new URL('/api/app-role-assignments', process.env.APP_ROLE_BROKER);
const headers = { 'x-functions-key': process.env.APP_ROLE_BROKER_KEY, 'content-type': 'application/json' };

async function main() {
  let url = endpoint;
  let call = { method: 'POST', headers, body: readFileSync(process.argv[2], 'utf8') };
  for (const end = Date.now() + 10 * 60_000; Date.now() < end; ) {
    const response = await fetch(url, call);
    const text = await response.text();
    const after = response.headers.get('retry-after');
    if (response.status === 202) {
      // The request waits for an approval. The address tells what became of it.
      [url, call] = [new URL(response.headers.get('location'), endpoint), { headers }];
    } else if (!after) {
      // The host itself refuses a wrong key, without a body.
      const { detail = '', roles = [] } = JSON.parse(text || '{}');
      if (!response.ok) console.error(response.status, detail);
      for (const role of roles) console.log(role.requested, role.status, role.message ?? '');
      const granted = roles.every(({ status }) => ['assigned', 'alreadyAssigned'].includes(status));
      return response.ok && granted ? 0 : 1;
    }
    // 429 and 503 say when to send the same again.
    await pause(1_000 * (after ?? 10));
  }
  throw new Error('no result within 10 minutes');
}

main().then((status) => { process.exitCode = status; });
