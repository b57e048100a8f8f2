"use strict";

// For each part that it shows, Swagger UI makes a model of the whole document: seconds, each time. It gets the part and
// what that refers to.
const withWhatItRefersTo = (whole, path) => {
  const { paths, components, ...kept } = whole;
  const keep = (steps) => {
    const last = steps.at(-1);
    let [from, to] = [whole, kept];
    for (const step of steps.slice(0, -1)) {
      from = from?.[step];
      to = to[step] ??= {};
    }
    if (from?.[last] === undefined || to[last] === from[last]) return;
    to[last] = from[last];
    follow(from[last]);
  };
  const follow = (value) => {
    if (typeof value === "string" && value.startsWith("#/components/")) keep(value.slice(2).split("/"));
    else if (value !== null && typeof value === "object") Object.values(value).forEach(follow);
  };
  keep(path);
  return kept;
};

const resolvePartByPart = ({ fn: { resolveSubtree } }) => ({
  fn: { resolveSubtree: (whole, path, options) => resolveSubtree(withWhatItRefersTo(whole, path), path, options) },
});
