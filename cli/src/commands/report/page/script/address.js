// The fragment of the address says what is shown, so that a view can be linked and the back button works:
// #/view/id?parameter=value

/** The address of a view. Parameters without a value are left out. */
function addressOf(view, id = null, parameters = {}) {
  const path = id === null ? view : `${view}/${encodeURIComponent(id)}`;
  const given = Object.entries(parameters).filter(([, value]) => value !== null && value !== "");
  const query = new URLSearchParams(given).toString();
  return `#/${path}${query === "" ? "" : `?${query}`}`;
}

/** The view, the id and the parameters of a fragment. An empty fragment is the overview. */
function readAddress(fragment) {
  const text = fragment.replace(/^#?\/?/, "");
  const question = text.indexOf("?");
  const path = question < 0 ? text : text.slice(0, question);
  const slash = path.indexOf("/");
  return {
    view: (slash < 0 ? path : path.slice(0, slash)) || "overview",
    id: slash < 0 ? null : decoded(path.slice(slash + 1)),
    parameters: Object.fromEntries(new URLSearchParams(question < 0 ? "" : text.slice(question + 1))),
  };
}

/** A part of an address without its escapes. A part that is not escaped correctly is taken as it is. */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
