// Shows the view that the address names, and keeps both in agreement.

/** The views with their names in the navigation, and how many rows they have. */
const VIEWS = new Map([
  ["overview", { name: "Overview", make: overviewView }],
  ["assignments", { name: "Assignments", list: ASSIGNMENTS }],
  ["principals", { name: "Principals", list: PRINCIPALS }],
  ["apis", { name: "APIs", list: APIS }],
  ["rules", { name: "Rules", list: RULES, when: hasPolicy || rules.length > 0 }],
  ["missing", { name: "Missing", list: MISSING, when: hasPolicy || missing.count > 0 }],
  ["gone", { name: "Gone", list: GONE, when: isCompared || gone.count > 0 }],
  ["notes", { name: "Notes", make: notesView, when: notes.length > 0, count: notes.length }],
]);
/** Views of one thing, and the entry of the navigation that they belong to. */
const DETAILS = new Map([
  ["principal", { make: principalView, within: "principals" }],
  ["api", { make: apiView, within: "apis" }],
]);

const content = document.getElementById("content");
let shownAddress = null;
let shownView = null;

function notesView() {
  return {
    title: "Notes",
    content: [notes.length === 0 ? element("p", {}, "Nothing to say: all was read.") : noteList()],
  };
}

function listPage(list, address) {
  const view = new ListView(list, address);
  return { title: list.title, list: view, content: [view.root] };
}

function viewOf(address) {
  const { make, list } = VIEWS.get(address.view) ?? DETAILS.get(address.view) ?? {};
  if (list !== undefined) return listPage(list, address);
  return make === undefined ? unknownView("view", address.view) : make(address);
}

/** Says what is shown, without a step of the back button if `replace` is true. */
function setAddress(address, replace) {
  if (replace) location.replace(address);
  else location.hash = address;
  // The event that follows finds nothing to do.
  shownAddress = location.hash;
}

function showNavigation(view) {
  const current = DETAILS.get(view)?.within ?? view;
  const entries = Array.from(VIEWS).filter(([, { when }]) => when ?? true);
  document.getElementById("views").replaceChildren(...entries.map(([name, { name: text, list, count }]) => {
    const rows = list?.count ?? count;
    const size = rows === undefined ? null : element("span", { class: "size" }, number(rows));
    const attributes = { href: addressOf(name), "aria-current": name === current ? "page" : null };
    return element("li", {}, element("a", attributes, text, size === null ? null : " ", size));
  }));
}

/** Shows the view of the address. After a step within one list, only its rows change. */
function showAddress() {
  if (location.hash === shownAddress) return;
  const address = readAddress(location.hash);
  const before = shownAddress === null ? null : readAddress(shownAddress);
  shownAddress = location.hash;
  if (before !== null && before.view === address.view && before.id === address.id && shownView.list) {
    shownView.list.show(address.parameters);
    return;
  }
  shownView = viewOf(address);
  const heading = element("h1", { tabindex: "-1" }, shownView.heading ?? shownView.title);
  const kind = shownView.kind === undefined ? null : element("p", { class: "kind" }, shownView.kind);
  content.replaceChildren(...[kind, heading, incompleteNotice(address.view), ...shownView.content].filter((part) => part !== null));
  document.title = `${shownView.title} – Access report`;
  showNavigation(address.view);
  if (before !== null) {
    window.scrollTo(0, 0);
    heading.focus({ preventScroll: true });
  }
}

/** Says on each view that something is left out. The notes say what. */
function incompleteNotice(view) {
  if (report.complete !== false) return null;
  const where = view === "notes" || view === "overview" ? "the notes say" : link(addressOf("notes"), "the notes say");
  return element("p", { class: "notice" }, element("strong", {}, "Not complete: "), where, " what could not be read.");
}

function showFrame() {
  const tenant = report.tenantId ? ["of the tenant ", foreign(report.tenantId), ", "] : [];
  document.getElementById("made").replaceChildren(...tenant, "made at ", timeElement(report.generatedAt), " UTC");
  document.getElementById("footer").replaceChildren(element(
    "p",
    {},
    "Made by app-role at ", timeElement(report.generatedAt), " UTC. ",
    "This file says who holds which rights: keep it as you keep the policy. It needs no network, and sends nothing.",
  ));
}

document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  content.focus();
});
window.addEventListener("hashchange", showAddress);
window.addEventListener("beforeprint", () => shownView.list?.showAll());
window.addEventListener("afterprint", () => shownView.list?.showPage());
showFrame();
showAddress();
performance.mark("shown");
// The first search and the first order do not wait for what they need.
setTimeout(() => {
  for (const { list } of VIEWS.values()) {
    list?.order();
    list?.fields();
  }
}, 0);
