// Elements without markup: text is only ever text, so that nothing that a server or a client said becomes part of the page.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "text") node.textContent = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child);
  }
  return node;
}

export function el(name, attributes, ...children) {
  return fill(document.createElement(name), attributes, children);
}

export function svg(name, attributes, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

export function byId(id) {
  return document.getElementById(id);
}

// Puts new content in the place of the old; what was opened, scrolled or had the focus is so again (by data-key).
export function replace(node, ...children) {
  const active = document.activeElement;
  const key = node.contains(active) ? active.getAttribute("data-key") : null;
  const open = new Set([...node.querySelectorAll("details[open][data-key]")].map((item) => item.getAttribute("data-key")));
  const scrolled = [...node.querySelectorAll("[data-key]")].filter((item) => item.scrollTop || item.scrollLeft).map((item) => [item.getAttribute("data-key"), item.scrollTop, item.scrollLeft]);
  node.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  for (const item of node.querySelectorAll("details[data-key]")) if (open.has(item.getAttribute("data-key"))) item.open = true;
  for (const [name, top, left] of scrolled) {
    const item = node.querySelector(`[data-key="${CSS.escape(name)}"]`);
    if (item) Object.assign(item, { scrollTop: top, scrollLeft: left });
  }
  if (key) node.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}
