"use strict";

// Drives Chromium for the parent: one JSON request in a line of stdin, one answer in a line of stdout.
//
// Like the browser itself, this process must not outlive a parent that is killed. The parent holds the other
// end of stdin, so the pipe closes whatever ends the parent.

const readline = require("node:readline");
const puppeteer = require("puppeteer-core");
const { Tab } = require("./tab.js");

const tabs = new Map();
let browser = null;
let opened = 0;

const actions = {
  async start({ program }) {
    // A container's only user is root, whom Chromium gives no sandbox. The pages are the tests' own.
    const asRoot = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
    browser = await puppeteer.launch({
      executablePath: program,
      pipe: true,
      args: [...asRoot, "--disable-dev-shm-usage", "--font-render-hinting=none"],
    });
    return browser.version();
  },

  async open({ address, window, downloads }) {
    const tab = await Tab.open(browser, window, downloads);
    opened += 1;
    tabs.set(opened, tab);
    const started = performance.now();
    await tab.load(address);
    return { tab: opened, milliseconds: performance.now() - started };
  },

  async close({ tab }) {
    await tabs.get(tab).close();
    tabs.delete(tab);
    return null;
  },
};

async function answer(line) {
  const { action, ...given } = JSON.parse(line);
  try {
    const own = actions[action];
    const value = own === undefined ? await tabs.get(given.tab)[action](given) : await own(given);
    return { value: value ?? null };
  } catch (error) {
    return { error: `${action}: ${error.message}` };
  }
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await answer(line))}\n`);
  }
  await browser?.close();
  process.exit(0);
}

main();
