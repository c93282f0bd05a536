#!/usr/bin/env node
"use strict";

// A custom handler whose answers depend on the function's name. It prints one line per event; tests
// wait for these lines in the host's log.

const http = require("node:http");

const port = Number(process.env.FUNCTIONS_CUSTOMHANDLER_PORT);
const say = (event, details) => console.log(`${event} ${JSON.stringify(details)}`);

function answer(response, status, contentType, body) {
  if (contentType) response.setHeader("Content-Type", contentType);
  response.writeHead(status);
  response.end(body);
}

const json = (response, value) => answer(response, 200, "application/json", JSON.stringify(value));
const done = (response) => json(response, { Outputs: {}, Logs: ["done"] });
const isFirst = (call) => call.Metadata.DequeueCount === "1";
const content = (call) =>
  call.Data.req ? call.Data.req.Body : Buffer.from(call.Data.msg, "base64").toString();

let concurrent = 0;

const functions = {
  Succeed: (_, response) => done(response),
  Fail: (_, response) => answer(response, 500, "application/json", '{"Logs":["why"]}'),
  FailOdd: (call, response) => (call.Data.event.data.n % 2 ? answer(response, 500) : done(response)),
  Empty: (_, response) => answer(response, 200),
  PlainText: (_, response) => answer(response, 200, "text/plain", "{}"),
  ExitFirst: (call, response) => (isFirst(call) ? process.exit(Number(content(call))) : done(response)),
  HoldFirst: (call, response) => (isFirst(call) ? say("holding", call.Data) : done(response)),
  Hold: (call) => say("holding", call.Data),
  // Longer than the lease that the test gives its messages.
  Slow: (_, response) => setTimeout(() => done(response), 2500),
  Crowd: (_, response) => {
    concurrent += 1;
    say("concurrent", concurrent);
    setTimeout(() => {
      concurrent -= 1;
      done(response);
    }, 100);
  },
  // The message, or the body of the request, is the reply.
  Reply: (call, response) => answer(response, 200, "application/json", content(call)),
};

const server = http.createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks).toString();
    const name = request.url.slice(1);
    if (!name) return answer(response, 404);
    say("received", { method: request.method, url: request.url, headers: request.headers, body });
    functions[name](JSON.parse(body), response);
  });
});

const exitCode = process.env.STUB_EXIT_CODE;
if (exitCode) {
  console.error("one\ntwo\nthree\nlast words");
  process.exitCode = Number(exitCode);
} else if (process.env.STUB_DEAF) {
  setInterval(() => {}, 1000);
} else {
  server.listen(port, "127.0.0.1", () =>
    say("started", { process: process.pid, folder: process.cwd(), environment: process.env }),
  );
}
