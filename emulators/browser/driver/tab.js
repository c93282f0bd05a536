"use strict";

const fs = require("node:fs");
const path = require("node:path");
const axe = require("axe-core");

/** Impacts of axe-core that keep people from using a page ("axe-core API", results). */
const SERIOUS = ["serious", "critical"];

/** How long a page may take to offer a file, in milliseconds. */
const LONGEST_DOWNLOAD = 60000;

/** What a page must not do: everything that the tests want to see afterwards is kept from the start. */
function keepViolations() {
  globalThis.violations = [];
  document.addEventListener("securitypolicyviolation", (event) => {
    globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
  });
}

/** Does something in the page, and returns the milliseconds until the result was drawn. */
async function timed(script) {
  const started = performance.now();
  // The page's policy forbids code from texts, so the driver passes a function.
  script();
  await new Promise((drawn) => {
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = drawn;
      channel.port2.postMessage(null);
    });
  });
  return performance.now() - started;
}

/** A page in a browser profile of its own. */
class Tab {
  static async open(browser, window, downloads) {
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    const tab = new Tab(context, page, downloads);
    await tab.watch(browser);
    await tab.resize({ window });
    return tab;
  }

  constructor(context, page, downloads) {
    Object.assign(this, { context, page, folder: downloads, requested: [], complaints: [], finished: [], waiting: [] });
  }

  async watch(browser) {
    const { page } = this;
    page.on("request", (request) => this.requested.push(request.url()));
    page.on("console", (message) => this.complaints.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => this.complaints.push(`error: ${error.message}`));
    page.on("dialog", (dialog) => {
      this.complaints.push(`dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
    await page.evaluateOnNewDocument(keepViolations);
    this.session = await browser.target().createCDPSession();
    await this.session.send("Browser.setDownloadBehavior", {
      behavior: "allow", browserContextId: this.context.id, downloadPath: this.folder, eventsEnabled: true,
    });
    // Each session hears of the downloads of all tabs.
    const { frameTree } = await (await page.createCDPSession()).send("Page.getFrameTree");
    const names = new Map();
    this.session.on("Browser.downloadWillBegin", ({ frameId, guid, suggestedFilename }) => {
      if (frameId === frameTree.frame.id) names.set(guid, suggestedFilename);
    });
    this.session.on("Browser.downloadProgress", ({ guid, state }) => {
      if (state === "completed" && names.has(guid)) {
        this.finished.push(names.get(guid));
        for (const wake of this.waiting.splice(0)) wake();
      }
    });
  }

  async load(address) {
    await this.page.goto(address, { waitUntil: "load" });
  }

  async resize({ window: { width, height, dark, media } }) {
    await this.page.setViewport({ width, height });
    await this.page.emulateMediaType(media ?? null);
    await this.page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }]);
  }

  /** The value of an expression in the page. */
  async evaluate({ script }) {
    return this.page.evaluate(script);
  }

  /** The milliseconds until the effect of a script was drawn. */
  async time({ script }) {
    return this.page.evaluate(`(${timed})(() => { ${script} })`);
  }

  async click({ selector }) {
    await this.page.click(selector);
  }

  async write({ selector, text }) {
    await this.page.type(selector, text);
  }

  async choose({ selector, value }) {
    await this.page.select(selector, value);
  }

  async press({ key }) {
    await this.page.keyboard.press(key);
  }

  async back() {
    await this.page.goBack();
  }

  async forward() {
    await this.page.goForward();
  }

  /** The findings of axe-core that keep people from using the page. */
  async audit() {
    await this.page.evaluate(axe.source);
    const { violations } = await this.page.evaluate(() => globalThis.axe.run({ resultTypes: ["violations"] }));
    return violations
      .filter(({ impact }) => SERIOUS.includes(impact))
      .map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target.join(" ")} ${node.failureSummary}`).join("; ")}`);
  }

  /** The next file that the page offers: its name and text. */
  async download() {
    const late = setTimeout(() => this.waiting.splice(0).forEach((wake) => wake()), LONGEST_DOWNLOAD);
    if (this.finished.length === 0) await new Promise((wake) => this.waiting.push(wake));
    clearTimeout(late);
    if (this.finished.length === 0) throw new Error("the page offered no file");
    const name = this.finished.shift();
    return { name, text: fs.readFileSync(path.join(this.folder, name), "utf8") };
  }

  /** Prints to a file, as a person would. */
  async print({ file }) {
    await this.page.pdf({ path: file, preferCSSPageSize: true });
  }

  async screenshot({ file, whole }) {
    await this.page.screenshot({ path: file, fullPage: whole });
  }

  /** What the page did that it must not do, and what it said about it. */
  async faults() {
    return [...this.complaints, ...(await this.page.evaluate(() => globalThis.violations))];
  }

  /** The addresses that the page asked for. */
  async requests() {
    return this.requested;
  }

  async close() {
    await this.session.detach();
    await this.context.close();
  }
}

module.exports = { Tab };
