// Asks for app roles by the queue, and waits for the result of this request.
//   npm ci
//   node queue.js ../request.json
// APP_ROLE_REQUESTS is the URL of the queues (https://<account>.queue.core.windows.net), or a connection string.
const { readFileSync } = require('node:fs');
const { setTimeout: pause } = require('node:timers/promises');
const { DefaultAzureCredential } = require('@azure/identity');
const { QueueServiceClient } = require('@azure/storage-queue');

const account = process.env.APP_ROLE_REQUESTS;
const queues = account.startsWith('https://')
  ? new QueueServiceClient(account, new DefaultAzureCredential())
  : QueueServiceClient.fromConnectionString(account);
const requests = queues.getQueueClient('app-role-requests');
const results = queues.getQueueClient('app-role-results');

async function main() {
  const sent = await requests.sendMessage(readFileSync(process.argv[2], 'utf8'));
  for (const end = Date.now() + 10 * 60_000; Date.now() < end; await pause(1_000)) {
    // Others wait for results in the same queue. A look hides nothing from them, and shows 32 messages.
    const { peekedMessageItems: seen } = await results.peekMessages({ numberOfMessages: 32 });
    const isThere = seen.some(({ messageText }) => messageText.includes(sent.messageId));
    if (seen.length < 32 && !isThere) continue;
    // What is theirs is hidden for a second.
    const page = await results.receiveMessages({ numberOfMessages: 32, visibilityTimeout: 1 });
    for (const message of page.receivedMessageItems) {
      const { messageId, roles } = JSON.parse(message.messageText);
      if (messageId !== sent.messageId) continue;
      await results.deleteMessage(message.messageId, message.popReceipt);
      for (const role of roles) console.log(role.requested, role.status, role.message ?? '');
      return roles.every(({ status }) => ['assigned', 'alreadyAssigned'].includes(status)) ? 0 : 1;
    }
  }
  throw new Error(`no result of ${sent.messageId} within 10 minutes`);
}

main().then((status) => { process.exitCode = status; });
