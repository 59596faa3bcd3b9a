// The charts of the history: latency as lines, availability as strips. Built as SVG, read with the pointer or the arrow keys, and
// there once more as a table.

import { el, svg } from "./dom.js";
import { dateTime, milliseconds, number, percent, shortTime, word } from "./language.js";

const ROLES = ["primary", "secondary"];
const HEIGHT = 220;
const STRIP = 22;
const MARGIN = { top: 14, right: 14, bottom: 26, left: 48 };
const TABLE_ROWS = 48;
const HOUR = 3600000;

// A round number at or above value, and steps to it: whole ones, as the latencies are.
function scale(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  const step = [0.25, 0.5, 1, 2, 2.5, 5].map((factor) => factor * power).filter(Number.isInteger).find((candidate) => value / candidate <= 4) || power * 5;
  return { max: Math.max(step, Math.ceil(value / step) * step), step };
}

// Latencies without the few that would press all others flat; those are cut at the top edge.
function highest(points) {
  const values = points.flatMap((point) => ROLES.map((role) => point[role] && point[role].latency)).filter((value) => value !== null && value !== undefined).sort((a, b) => a - b);
  if (values.length === 0) return 1;
  const usual = values[Math.floor(values.length * 0.98)];
  return Math.max(1, Math.min(values[values.length - 1], usual * 2));
}

// Where there are several days, hours would not say which day is meant.
function timeTicks(from, to, width) {
  const steps = to - from > 2 * 24 * HOUR ? [24, 48] : [1, 2, 3, 6, 12, 24, 48];
  const step = steps.find((hours) => ((to - from) / (hours * HOUR)) * 64 <= width) || steps[steps.length - 1];
  const ticks = [];
  const start = new Date(from);
  // By the clock on the wall: a day may have 23 or 25 hours, and no midnight.
  for (let hour = 0, time = 0; time <= to; hour += step) {
    time = new Date(start.getFullYear(), start.getMonth(), start.getDate(), hour).getTime();
    if (time >= from && time <= to) ticks.push(time);
  }
  return { ticks, withDay: step >= 24 };
}

// What the charts share: the span, and where a time is.
function frame(history, width) {
  const from = Date.parse(history.from);
  const to = Date.parse(history.to);
  const inner = width - MARGIN.left - MARGIN.right;
  return { from, to, width, inner, bucket: history.bucketMs, x: (time) => MARGIN.left + ((time - from) / (to - from)) * inner };
}

function axis(area, top, bottom) {
  const { ticks, withDay } = timeTicks(area.from, area.to, area.inner);
  return ticks.flatMap((time) => [
    svg("line", { class: "grid", x1: area.x(time), x2: area.x(time), y1: top, y2: bottom }),
    svg("text", { class: "tick", x: area.x(time), y: bottom + 17, "text-anchor": "middle", text: shortTime(time, withDay) }),
  ]);
}

function switchMarks(area, history, top, bottom) {
  return (history.switches || []).map((change) => {
    const x = area.x(Date.parse(change.time));
    const label = word("switchedTo", { op: operationWord(change.event), role: word(change.active).toLowerCase() });
    return svg(
      "g",
      { class: "switch" },
      svg("title", { text: `${label}, ${dateTime(change.time)}` }),
      svg("line", { x1: x, x2: x, y1: top, y2: bottom }),
      svg("path", { d: `M${x - 5} ${top - 9}h10l-5 8z` }),
    );
  });
}

export function operationWord(event) {
  return event === "failover" ? word("opFailover") : event === "failback" ? word("opFailback") : event;
}

// Runs of points without a gap: a line is drawn through what was measured only.
function runs(area, points, role) {
  const all = [];
  let current = null;
  let last = 0;
  for (const point of points) {
    const time = Date.parse(point.time) + area.bucket / 2;
    const figures = point[role];
    const value = figures ? figures.latency : null;
    if (value === null || value === undefined || (current && time - last > 6 * area.bucket)) current = null;
    if (value !== null && value !== undefined) {
      if (!current) all.push((current = []));
      current.push([time, value]);
      last = time;
    }
  }
  return all;
}

function lines(area, points, role, y) {
  return runs(area, points, role).map((run) => {
    const places = run.map(([time, value]) => `${area.x(time).toFixed(1)} ${y(value).toFixed(1)}`);
    if (places.length === 1) {
      const [x, top] = places[0].split(" ");
      return svg("circle", { class: `dot-${role}`, cx: x, cy: top, r: 2.5 });
    }
    return svg("path", { class: `line-${role}`, d: `M${places.join("L")}` });
  });
}

function strip(area, points, role, top) {
  const cells = [svg("rect", { class: "cell-none", x: MARGIN.left, y: top, width: area.inner, height: STRIP, rx: 3 })];
  const cell = Math.max(1.5, (area.bucket / (area.to - area.from)) * area.inner);
  for (const point of points) {
    const figures = point[role];
    if (!figures || !figures.checks) continue;
    const state = figures.availability >= 1 ? "good" : figures.availability > 0 ? "part" : "bad";
    const x = Math.max(MARGIN.left, area.x(Date.parse(point.time)));
    cells.push(svg("rect", { class: `cell-${state}`, x: x.toFixed(1), y: top, width: Math.min(cell + 1, MARGIN.left + area.inner - x).toFixed(2), height: STRIP, "shape-rendering": "crispEdges" }));
  }
  return cells;
}

function reading(point, role) {
  const figures = point[role];
  if (!figures || !figures.checks) return word("noData");
  if (figures.latency === null) return percent(figures.availability);
  return figures.availability < 1 ? `${milliseconds(figures.latency)} · ${percent(figures.availability)}` : milliseconds(figures.latency);
}

// The pointer, or the arrow keys, choose a point; a line and a box show it, and it is told to a screen reader.
function makeReadable(holder, picture, history, area, height) {
  const points = history.points;
  const line = svg("line", { class: "cursor", y1: MARGIN.top, y2: height - MARGIN.bottom, visibility: "hidden" });
  const box = el("div", { class: "tip", hidden: true });
  const spoken = el("p", { class: "hidden", "aria-live": "polite" });
  let chosen = -1;
  picture.append(line);

  function show(index, aloud) {
    chosen = index;
    const point = points[index];
    const x = area.x(Date.parse(point.time) + area.bucket / 2);
    line.setAttribute("x1", x);
    line.setAttribute("x2", x);
    line.setAttribute("visibility", "visible");
    box.replaceChildren(
      el("strong", { text: dateTime(point.time) }),
      ...ROLES.filter((role) => history[role]).map((role) => el("span", { class: `key key-${role}` }, el("span", { text: `${word(role)}: ${reading(point, role)}` }))),
    );
    box.hidden = false;
    box.style.setProperty("--x", `${Math.round(Math.min(Math.max(x, 90), area.width - 90))}px`);
    if (aloud) spoken.textContent = `${dateTime(point.time)}. ${ROLES.filter((role) => history[role]).map((role) => `${word(role)}: ${reading(point, role)}`).join(". ")}`;
  }

  function hide() {
    line.setAttribute("visibility", "hidden");
    box.hidden = true;
  }

  function nearest(clientX) {
    const bounds = picture.getBoundingClientRect();
    const time = area.from + ((clientX - bounds.left - MARGIN.left) / area.inner) * (area.to - area.from) - area.bucket / 2;
    let best = 0;
    points.forEach((point, index) => {
      if (Math.abs(Date.parse(point.time) - time) < Math.abs(Date.parse(points[best].time) - time)) best = index;
    });
    return best;
  }

  picture.addEventListener("pointermove", (event) => show(nearest(event.clientX), false));
  picture.addEventListener("pointerdown", (event) => show(nearest(event.clientX), false));
  picture.addEventListener("pointerleave", hide);
  picture.addEventListener("blur", hide);
  picture.addEventListener("keydown", (event) => {
    const last = points.length - 1;
    const moves = { ArrowLeft: Math.max(0, chosen - 1), ArrowRight: Math.min(last, chosen + 1), Home: 0, End: last };
    if (event.key === "Escape") hide();
    if (!(event.key in moves)) return;
    event.preventDefault();
    show(chosen < 0 ? last : moves[event.key], true);
  });
  holder.append(box, spoken);
}

function latencyChart(history, width) {
  const area = frame(history, width);
  const bottom = HEIGHT - MARGIN.bottom;
  const { max, step } = scale(highest(history.points));
  const y = (value) => Math.max(MARGIN.top, bottom - (value / max) * (bottom - MARGIN.top));
  const levels = [];
  for (let value = 0; value <= max + step / 2; value += step) levels.push(value);
  const picture = svg(
    "svg",
    { class: "chart", viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "img", tabindex: 0, "aria-label": word("latencyChartHelp"), "data-testid": "latency-chart", "data-key": "latency-chart" },
    ...axis(area, MARGIN.top, bottom),
    ...levels.flatMap((value) => [
      svg("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(value), y2: y(value) }),
      svg("text", { class: "tick", x: MARGIN.left - 8, y: y(value) + 4, "text-anchor": "end", text: value === 0 ? "0" : milliseconds(value) }),
    ]),
    ...switchMarks(area, history, MARGIN.top, bottom),
    ...ROLES.flatMap((role) => lines(area, history.points, role, y)),
  );
  const holder = el("div", { class: "plot" }, picture);
  makeReadable(holder, picture, history, area, HEIGHT);
  return holder;
}

function availabilityChart(history, width) {
  const area = frame(history, width);
  const rows = ROLES.filter((role) => history[role]);
  const height = MARGIN.top + rows.length * (STRIP + 10) + MARGIN.bottom - 10;
  const bottom = height - MARGIN.bottom;
  const said = rows.map((role) => `${word(role)}: ${percent(history[role].availability)}`).join(", ");
  const picture = svg(
    "svg",
    { class: "chart", viewBox: `0 0 ${width} ${height}`, width, height, role: "img", tabindex: 0, "aria-label": `${word("availabilityChart")}. ${said}`, "data-testid": "availability-chart", "data-key": "availability-chart" },
    ...axis(area, MARGIN.top, bottom),
    ...rows.flatMap((role, index) => {
      const top = MARGIN.top + index * (STRIP + 10);
      return [...strip(area, history.points, role, top), svg("text", { class: "tick", x: MARGIN.left - 8, y: top + STRIP / 2 + 4, "text-anchor": "end", text: percent(history[role].availability, 1) })];
    }),
    ...switchMarks(area, history, MARGIN.top, bottom),
  );
  const holder = el("div", { class: "plot" }, picture);
  makeReadable(holder, picture, history, area, height);
  return holder;
}

// At most so many rows: several points are put together, of which the worst counts.
function tableRows(points) {
  const size = Math.max(1, Math.ceil(points.length / TABLE_ROWS));
  const rows = [];
  for (let start = 0; start < points.length; start += size) rows.push(points.slice(start, start + size));
  return rows.reverse();
}

function together(points, role) {
  const figures = points.map((point) => point[role]).filter((one) => one && one.checks);
  if (figures.length === 0) return { latency: null, availability: null };
  const checks = figures.reduce((sum, one) => sum + one.checks, 0);
  const measured = figures.filter((one) => one.latency !== null);
  return {
    latency: measured.length ? measured.reduce((sum, one) => sum + one.latency, 0) / measured.length : null,
    availability: figures.reduce((sum, one) => sum + one.availability * one.checks, 0) / checks,
  };
}

function historyTable(history) {
  const roles = ROLES.filter((role) => history[role]);
  const head = el("tr", {}, el("th", { scope: "col", text: word("time") }), ...roles.flatMap((role) => [el("th", { scope: "col", class: "num", text: `${word(role)}, ${word("latency").toLowerCase()}` }), el("th", { scope: "col", class: "num", text: word("availability") })]));
  const body = tableRows(history.points).map((points) =>
    el("tr", {}, el("th", { scope: "row", text: dateTime(points[0].time) }), ...roles.flatMap((role) => {
      const figures = together(points, role);
      return [el("td", { class: "num", text: milliseconds(figures.latency === null ? null : Math.round(figures.latency)) }), el("td", { class: "num", text: percent(figures.availability) })];
    })),
  );
  return el(
    "details",
    { "data-key": "history-table" },
    el("summary", { text: word("asTable"), "data-key": "history-summary" }),
    el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": word("history"), "data-key": "history-scroll" }, el("table", { "data-testid": "history-table" }, el("thead", {}, head), el("tbody", {}, ...body))),
  );
}

function summary(history) {
  return el(
    "div",
    { class: "legend" },
    ...ROLES.filter((role) => history[role]).map((role) => {
      const figures = history[role];
      const texts = [`${word("median")} ${milliseconds(figures.p50)}`, `${word("ninetyFive")} ${milliseconds(figures.p95)}`, `${word("checks")} ${number(figures.checks)}`];
      return el("p", { class: `key key-${role}` }, el("strong", { text: word(role) }), el("span", { class: "quiet", text: texts.join(" · ") }));
    }),
  );
}

function availabilityLegend() {
  return el(
    "p",
    { class: "legend small" },
    el("span", { class: "swatch good", text: word("allAnswered") }),
    el("span", { class: "swatch part", text: word("someFailed", { percent: "1–99 %" }) }),
    el("span", { class: "swatch bad", text: word("someFailed", { percent: "0 %" }) }),
    el("span", { class: "swatch none", text: word("noData") }),
  );
}

export function charts(history, width) {
  if (!history.points || history.points.length === 0) return [el("p", { class: "quiet", text: word("noHistory") })];
  return [
    summary(history),
    el("h3", { text: word("latencyChart") }),
    latencyChart(history, width),
    el("h3", { text: word("availabilityChart") }),
    availabilityChart(history, width),
    availabilityLegend(),
    historyTable(history),
  ];
}
