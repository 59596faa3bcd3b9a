// What each part of the page shows of the documents of the API. Nothing here asks or decides anything.

import { el } from "./dom.js";
import { ago, bytes, dateTime, milliseconds, number, percent, span, word } from "./language.js";
import { operationWord } from "./charts.js";

const ROLES = ["primary", "secondary"];

function when(time) {
  if (!time) return el("span", { text: word("never") });
  return el("time", { datetime: time, title: dateTime(time), text: ago(time) });
}

function facts(pairs) {
  return el("dl", { class: "facts" }, ...pairs.filter(Boolean).map(([name, value]) => el("div", {}, el("dt", { text: name }), el("dd", {}, value))));
}

// The programs speak English, whatever the language of the page is.
function said(text) {
  return el("span", { lang: "en", text });
}

function engineName(entry) {
  if (!entry.version) return "–";
  return `${entry.engine === "cockroach" ? "CockroachDB" : "PostgreSQL"} ${entry.version}`;
}

// --- databases --------------------------------------------------------------------

function stateOf(entry) {
  if (!entry.lastCheck) return ["unknown", "notChecked"];
  if (entry.connected) return ["good", "connected"];
  if (entry.failure === "config") return ["bad", "misconfigured"];
  if (entry.failure === "degraded") return ["warn", "troubled"];
  return ["bad", "down"];
}

function databaseCard(health, measured, role) {
  const entry = health[role];
  const active = health.activeDatabase === role;
  const [tone, state] = stateOf(entry);
  const breaker = { CLOSED: "closed", OPEN: "opened", HALF_OPEN: "halfOpen" }[entry.breaker] || "unknown";
  const size = measured && measured[role];
  const connections = size && size.connections;
  return el(
    "article",
    { class: "card database", "data-role": role, "data-active": active ? "yes" : "no", "data-state": tone, "data-testid": `database-${role}`, "aria-label": word(role) },
    el("div", { class: "card-head" }, el("h3", { text: word(role) }), el("span", { class: active ? "badge badge-active" : "badge", text: word(active ? "active" : "standby"), "data-testid": `role-${role}` })),
    el("p", { class: `state tone-${tone}` }, el("span", { class: "dot", "aria-hidden": "true" }), el("span", { text: word(state), "data-testid": `state-${role}` })),
    el("p", { class: "big" }, el("span", { class: "hidden", text: `${word("latency")}: ` }), el("span", { text: entry.connected ? number(entry.latency) : "–", "data-testid": `latency-${role}` }), entry.connected ? el("small", { text: "ms" }) : null),
    entry.error ? el("p", { class: "trouble" }, said(entry.error)) : null,
    facts([
      [word("lastCheck"), when(entry.lastCheck)],
      [word("engine"), engineName(entry)],
      entry.connected && entry.readOnly !== null && entry.readOnly !== undefined ? [word("writes"), word(entry.readOnly ? "fenced" : "open")] : null,
      size && size.connected ? [word("size"), bytes(size.sizeBytes)] : null,
      connections && connections.used !== null ? [word("connections"), connections.limit ? `${number(connections.used)} / ${number(connections.limit)}` : number(connections.used)] : null,
      [word("breaker"), word(breaker)],
      entry.consecutiveFailures ? [word("failuresInRow"), number(entry.consecutiveFailures)] : null,
    ]),
  );
}

export function databases(health, measured) {
  if (!health.secondary) return [databaseCard(health, measured, "primary"), el("article", { class: "card database" }, el("p", { class: "quiet", text: word("noSecondary") }))];
  const from = health.activeDatabase;
  const to = from === "primary" ? "secondary" : "primary";
  const flow = el("p", { class: `flow flow-${from}` }, el("span", { "aria-hidden": "true", text: "→" }), el("span", { class: "hidden", text: word("flow", { from: word(from), to: word(to) }) }));
  return [databaseCard(health, measured, "primary"), flow, databaseCard(health, measured, "secondary")];
}

// --- switching --------------------------------------------------------------------

export function switching(health) {
  const plan = health.switching;
  if (!plan) return word("noSecondary");
  const texts = [];
  const automatic = plan.next === "failover" ? plan.autoFailover : plan.autoFailback;
  if (plan.eligible) texts.push(word("switchDue"));
  else if (!automatic) texts.push(word("switchManual"));
  else if (plan.next === "failover") texts.push(word("switchNextFailover", { count: number(plan.failuresToGo) }));
  else texts.push(word("switchNextFailback", { count: number(plan.successesToGo) }));
  if (plan.blockedBy) texts.push(word("switchBlocked", { why: plan.blockedBy }));
  if (plan.fenceDebt) texts.push(word("fenceDebt"));
  if (plan.mergePending) texts.push(word("mergePending"));
  if (plan.lastSwitch && plan.lastSwitch.time) texts.push(word("lastSwitch", { op: operationWord(plan.lastSwitch.op), time: ago(plan.lastSwitch.time) }));
  return texts.join(" ");
}

export function operation(health) {
  const work = health.operation;
  if (!work) return null;
  const texts = [word("running", { program: work.program || "dbr", time: work.since ? ago(work.since) : "–" })];
  const steps = { pause: "stepPause", fence: "stepFence", settle: "stepSettle", open: "stepOpen", point: "stepPoint", notify: "stepNotify" };
  if (work.switch && steps[work.switch.step]) texts.push(word(steps[work.switch.step]));
  if (work.switch && work.switch.undoing) texts.push(word("undoing"));
  return [el("span", { class: "spinner", "aria-hidden": "true" }), el("span", { text: texts.join(" · "), "data-testid": "operation" })];
}

// --- sync -------------------------------------------------------------------------

function tableList(status, measured) {
  const sizes = { primary: new Map(), secondary: new Map() };
  for (const role of ROLES) for (const table of (measured && measured[role] && measured[role].tables) || []) sizes[role].set(table.name, table);
  const row = (table) =>
    el(
      "tr",
      {},
      el("th", { scope: "row", class: "name", text: table.name }),
      el("td", { class: "num", text: number(table.rows) }),
      el("td", { class: "num", text: bytes(sizes.primary.get(table.name)?.bytes) }),
      el("td", { class: "num", text: bytes(sizes.secondary.get(table.name)?.bytes) }),
      el("td", {}, table.lastFingerprint ? when(table.lastFingerprint) : "–"),
    );
  const head = [["table", ""], ["rows", "num"], ["onPrimary", "num"], ["onSecondary", "num"], ["compared", ""]];
  const tables = [...status.tables].sort((a, b) => a.name.localeCompare(b.name));
  return el(
    "details",
    { "data-key": "tables" },
    el("summary", { text: word("tables", { count: number(tables.length) }), "data-key": "tables-summary" }),
    el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": word("tables", { count: number(tables.length) }), "data-key": "tables-scroll" },
      el("table", { "data-testid": "tables" }, el("thead", {}, el("tr", {}, ...head.map(([name, kind]) => el("th", { scope: "col", class: kind || null, text: word(name) })))), el("tbody", {}, ...tables.map(row)))),
  );
}

export function sync(health, measured) {
  const status = health.syncStatus;
  const init = { none: "notInitialised", running: "initRunning", failed: "initFailed" }[health.initStatus];
  const state = { healthy: "stateHealthy", late: "stateLate", failed: "stateFailed", refused: "stateRefused", different: "stateDifferent" }[status.status];
  const verification = status.lastVerification;
  return [
    health.secondary && init ? el("p", { class: "trouble", text: word(init) }) : null,
    facts([
      [word("syncState"), el("span", { class: status.status === "healthy" ? "tone-good" : "tone-warn", text: state ? word(state) : status.status })],
      [word("lastSync"), el("span", { "data-testid": "last-sync" }, when(status.lastSync))],
      [word("records"), number(status.recordsSynced)],
      [word("duration"), milliseconds(status.durationMs)],
      [word("conflicts"), number(status.conflicts)],
      [word("verification"), verification && verification.time ? el("span", {}, when(verification.time), ` · ${word(verification.ok ? "equal" : "different")}`) : word("never")],
    ]),
    status.error ? el("p", { class: "trouble" }, said(status.error)) : null,
    status.tables && status.tables.length ? tableList(status, measured) : null,
  ];
}

// --- alerts, breakers, system, events ------------------------------------------------

export function alerts(health) {
  const list = (health.alerts || []).map((alert) => ({ ...alert, text: alert.message }));
  const known = new Set(list.map((alert) => alert.text));
  const others = (health.warnings || []).filter((text) => !known.has(text)).map((text) => ({ severity: "warning", text }));
  if (list.length + others.length === 0) return [el("p", { class: "fine" }, el("span", { class: "dot", "aria-hidden": "true" }), el("span", { text: word("noAlerts") }))];
  return [
    el("ul", { class: "alerts", "data-testid": "alerts" }, ...[...list, ...others].map((alert) =>
      el("li", { class: `alert alert-${alert.severity === "critical" ? "bad" : "warn"}` },
        el("span", { class: "alert-kind", text: word(alert.severity === "critical" ? "critical" : "warning") }),
        said(alert.text),
        alert.since ? el("small", { class: "quiet", title: dateTime(alert.since), text: word("since", { time: ago(alert.since) }) }) : null))),
  ];
}

export function breakers(document, onReset) {
  const states = { CLOSED: ["good", "closed"], OPEN: ["bad", "opened"], HALF_OPEN: ["warn", "halfOpen"] };
  const rows = ROLES.filter((role) => document.breakers[role]).map((role) => {
    const breaker = document.breakers[role];
    const [tone, name] = states[breaker.state] || ["unknown", "unknown"];
    return el(
      "tr",
      {},
      el("th", { scope: "row", text: word(role) }),
      el("td", {}, el("span", { class: `state tone-${tone}` }, el("span", { class: "dot", "aria-hidden": "true" }), el("span", { text: word(name), "data-testid": `breaker-${role}` }))),
      el("td", { class: "num nowrap", "data-label": word("failures"), text: `${number(breaker.totalFailures)} / ${number(breaker.totalRequests)}` }),
      el("td", { class: "num roomy", text: percent(breaker.totalRequests ? breaker.successRate : null, 1) }),
      el("td", { class: "num roomy", text: milliseconds(breaker.avgDuration === null ? null : Math.round(breaker.avgDuration)) }),
      el("td", { class: "num" }, el("button", { type: "button", class: "small-button", "data-key": `reset-${role}`, "aria-label": word("resetOf", { role: word(role).toLowerCase() }), text: word("reset"), onclick: () => onReset(role) })),
    );
  });
  const head = [["", ""], ["state", ""], ["failures", "num"], ["successRate", "num roomy"], ["meanDuration", "num roomy"], ["", ""]];
  return [
    el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": word("breakers"), "data-key": "breakers-scroll" },
      el("table", { class: "breakers" }, el("thead", {}, el("tr", {}, ...head.map(([name, kind]) => (name ? el("th", { scope: "col", class: kind || null, text: word(name) }) : el("td", {}))))), el("tbody", {}, ...rows))),
  ];
}

function meter(name, share, text) {
  const tone = share === null || share === undefined ? "unknown" : share >= 90 ? "bad" : share >= 75 ? "warn" : "good";
  const bar = el("span", { class: `meter-fill fill-${tone}` });
  bar.style.setProperty("--share", String(Math.min(100, share || 0) / 100));
  return el("div", { class: "meter" }, el("span", { class: "meter-name", text: name }), el("span", { class: "meter-text", text }), el("span", { class: "meter-bar", "aria-hidden": "true" }, bar));
}

export function system(document) {
  const machine = document.system;
  const app = document.application;
  const backup = document.backups && Object.values(document.backups).filter((one) => one && one.time).sort((a, b) => b.time.localeCompare(a.time))[0];
  if (!machine) return [el("p", { class: "quiet", text: word("noData") })];
  const share = (part) => (part.percent === null || part.percent === undefined ? "–" : `${number(part.percent)} %`);
  return [
    meter(word("cpu"), machine.cpu.percent, share(machine.cpu)),
    meter(word("memory"), machine.memory.percent, `${share(machine.memory)} · ${bytes(machine.memory.usedBytes)} / ${bytes(machine.memory.totalBytes)}`),
    meter(word("disk"), machine.disk.percent, `${share(machine.disk)} · ${bytes(machine.disk.usedBytes)} / ${bytes(machine.disk.totalBytes)}`),
    facts([
      [word("uptime"), span(machine.uptimeSeconds)],
      [word("load"), [machine.cpu.load1, machine.cpu.load5, machine.cpu.load15].map((load) => number(load, 2)).join(" · ")],
      app ? [word("application"), app.running ? `${bytes(app.memoryBytes)} · ${span(app.uptimeSeconds)}` : word("applicationDown")] : null,
      backup ? [word("backup"), el("span", {}, when(backup.time), ` · ${bytes(backup.bytes)}`)] : null,
    ]),
  ];
}

export function events(document) {
  if (document.events.length === 0) return [el("p", { class: "quiet", text: word("noEvents") })];
  const row = (event) =>
    el("tr", {},
      el("td", { class: "nowrap" }, el("time", { datetime: event.time, title: dateTime(event.time), text: ago(event.time) })),
      el("td", {}, el("span", { class: `kind kind-${/^[a-z]+$/.test(event.event || "") ? event.event : "other"}`, text: event.event, lang: "en" })),
      el("td", { class: "wrap", lang: "en" }, String(event.message || ""), event.reason ? el("span", { class: "quiet", text: `${event.message ? " — " : ""}${event.reason}` }) : null));
  const head = ["when", "what", "message"];
  return [
    el("div", { class: "scroll tall", tabindex: 0, role: "region", "aria-label": word("events"), "data-key": "events-scroll" },
      el("table", { class: "events", "data-testid": "events" }, el("thead", {}, el("tr", {}, ...head.map((name) => el("th", { scope: "col", text: word(name) })))), el("tbody", {}, ...document.events.map(row)))),
  ];
}
