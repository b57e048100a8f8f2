// A page in parts, each with its shape: what axe could tell it from others by. That is elements, attributes and whether
// there is text, in the part and of all that it stands in; not what the text says, nor where an address leads.
const FREE = new Set("href src action value title alt aria-label placeholder content datetime d points".split(" "));
// These hold parts. A label and its field, a row's cells, a list's item with all in it are one part.
const HOLDERS = new Set("body header nav main footer aside div section article dl ul ol table tbody".split(" "));

const said = (text) => (text.trim() === "" ? "" : "…");

// Words with a digit in them are amounts, times, ids.
const fact = ({ name, value }) =>
  FREE.has(name) || /^(data|hx)-/.test(name) ? name + said(value) : `${name}=${value.replace(/[\w-]*\d[\w-]*/g, "0")}`;

const tag = (element) => `<${element.localName} ${[...element.attributes].map(fact).sort().join(" ")}>`;

const shapeOf = (node) => {
  if (node.nodeType === Node.TEXT_NODE) return said(node.data);
  if (node.nodeType !== Node.ELEMENT_NODE) return "";
  if (node.localName === "svg" && node.ariaHidden === "true") return tag(node);
  const inside = [...node.childNodes].map(shapeOf).filter(Boolean);
  const fewOfAKind = inside.filter((shape, place) => shape !== inside[place - 1] || shape !== inside[place - 2]);
  return `${tag(node)}${fewOfAKind.join("")}</>`;
};

const holdsParts = (element) =>
  HOLDERS.has(element.localName) &&
  !element.hasAttribute("role") &&
  element.children.length > 0 &&
  [...element.childNodes].every((node) => node.nodeType !== Node.TEXT_NODE || !said(node.data));

const partsUnder = (element, within) =>
  holdsParts(element)
    ? [...element.children].flatMap((child) => partsUnder(child, within + tag(element)))
    : [{ element, shape: within + shapeOf(element) }];

const partsOf = (page) => {
  const root = tag(page.documentElement);
  const head = [...page.head.querySelectorAll("title, meta")].map(shapeOf).join("");
  return [{ element: null, shape: root + head }, ...partsUnder(page.body, root)];
};
