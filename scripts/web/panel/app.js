// The page: asks the API in turns, keeps what it last said, and shows it.

import { ApiError, hasToken, read, run } from "./api.js";
import { charts } from "./charts.js";
import { askConsent, askToken } from "./dialog.js";
import { byId, replace } from "./dom.js";
import { ago, clock, errorWord, number, switchLanguage, translatePage, word } from "./language.js";
import * as view from "./view.js";

// How often each part is asked for, in milliseconds; the sum stays far below what a server allows an address.
const EVERY = { health: 10000, breakers: 30000, events: 30000, metrics: 60000, history: 60000 };
const BUSY_EVERY = 2000; // health while a run is at work
const RETRY_MOST = 30000;
const THEMES = ["auto", "light", "dark"];
const THEME_KEY = "dbr-theme";
const LAST_KEY = "dbr-last";

// Where each part is shown, but for what the top tells of health.
const PLACES = { health: ["sync", "alerts"], breakers: ["breakers"], events: ["events"], metrics: ["system"], history: ["charts"] };

const state = {
  data: readLast(), // name of the part: its last document
  heard: {}, // name of the part: when that was, in ms
  trouble: null, // why the last request failed, an ApiError
  failures: 0,
  period: "24h",
  working: null, // what this page has asked for and waits for
  notice: null,
  following: null, // a run that goes on by itself: {done, failed}, keys of words
  timers: {},
  turn: {}, // name of the part: number of its last request
};

const paths = { health: () => "/db-health", breakers: () => "/circuit-breakers", events: () => "/events?limit=50", metrics: () => "/metrics", history: () => `/history?period=${state.period}` };

// --- what is kept over a reload: the last health, so that there is something to show when nothing answers ------------------

function readLast() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(LAST_KEY));
    return kept && kept.health ? { health: kept.health } : {};
  } catch {
    return {};
  }
}

function keepLast() {
  try {
    sessionStorage.setItem(LAST_KEY, JSON.stringify({ health: state.data.health }));
  } catch {
    // then there is nothing to show after a reload
  }
}

// --- asking --------------------------------------------------------------------------

function isBusy() {
  return state.working !== null || Boolean(state.data.health && state.data.health.operation);
}

function pause(name) {
  const usual = name === "health" && isBusy() ? BUSY_EVERY : EVERY[name];
  if (!state.trouble) return usual;
  const backoff = Math.min(RETRY_MOST, 3000 * 2 ** Math.min(state.failures, 4));
  return Math.max(backoff, state.trouble.retryAfterMs, name === "health" ? 0 : EVERY[name]);
}

function later(name, wait = pause(name)) {
  clearTimeout(state.timers[name]);
  state.timers[name] = setTimeout(() => ask(name), wait);
}

// Only health says whether the server is there: the other parts may have troubles of their own.
async function ask(name) {
  const turn = (state.turn[name] = (state.turn[name] || 0) + 1);
  if (document.hidden) return;
  try {
    const answer = await read(paths[name]());
    if (turn !== state.turn[name]) return;
    state.data[name] = answer;
    state.heard[name] = Date.now();
    if (name === "health") heard();
  } catch (error) {
    if (turn !== state.turn[name]) return;
    if (!state.data[name]) for (const place of PLACES[name]) replace(byId(place), document.createTextNode(word("noData")));
    if (name === "health") missed(error instanceof ApiError ? error : new ApiError("away", 0, String(error)));
  }
  later(name);
  show(name);
}

function heard() {
  const back = state.trouble !== null;
  state.trouble = null;
  state.failures = 0;
  keepLast();
  follow();
  if (back) for (const name of Object.keys(EVERY)) if (name !== "health") later(name, 0);
}

// A run that this page has left to itself: its end is told as that of any other.
function follow() {
  const run = state.data.health.apiRun;
  if (!state.following || !run || run.state === "running") return;
  const { done, failed } = state.following;
  state.following = null;
  if (run.state === "lost") state.notice = { tone: "bad", text: () => word("runLost") };
  else if (run.exitStatus === 0) state.notice = { tone: "good", text: () => word(done, { count: number(state.data.health.syncStatus.recordsSynced) }) };
  else state.notice = failure(new ApiError((run.error && run.error.code) || "failed", 0, run.error && run.error.message, run.error && run.error.hint), failed);
  later("events", 0);
}

function missed(error) {
  state.trouble = error;
  state.failures++;
}

function askAll() {
  for (const name of Object.keys(EVERY)) later(name, 0);
}

// --- showing -------------------------------------------------------------------------

function lastKnown() {
  if (state.heard.health) return ago(new Date(state.heard.health).toISOString());
  const health = state.data.health;
  const time = health && health[health.activeDatabase] && health[health.activeDatabase].lastCheck;
  return time ? ago(time) : "";
}

function banner() {
  const trouble = state.trouble;
  if (!trouble) return "";
  const known = Boolean(state.data.health);
  switch (trouble.code) {
    case "away":
    case "unavailable":
      return known ? word("away", { time: lastKnown() }) : word("awayNothing");
    case "slow":
      return known ? word("slow", { time: lastKnown() }) : word("awayNothing");
    case "too_many_requests":
      return word("busy");
    case "token_required":
    case "token_wrong":
    case "token_not_configured":
      return trouble.code === "token_required" ? word("tokenWanted") : errorWord(trouble.code);
    default:
      return word("serverTrouble", { message: errorWord(trouble.code) || trouble.message });
  }
}

function showTop() {
  const health = state.data.health;
  const text = banner();
  const node = byId("banner");
  // Announced when it comes, not each time that its words change.
  node.hidden = text === "";
  if (node.textContent !== text) node.textContent = text;
  document.body.classList.toggle("stale", text !== "");
  const status = health ? health.status : text ? "unknown" : "loading";
  byId("status").setAttribute("data-state", state.trouble ? "unknown" : status);
  byId("status-word").textContent = word(status);
  byId("updated").textContent = state.heard.health ? word("updated", { time: clock(state.heard.health) }) : "";
  byId("token-button").textContent = word(hasToken() ? "tokenSet" : "tokenNone");
  byId("token-button").setAttribute("data-set", hasToken() ? "yes" : "no");
}

function showActions(health) {
  const busy = isBusy();
  const primary = health.activeDatabase === "primary";
  byId("do-sync").disabled = busy || !health.secondary;
  byId("do-failover").disabled = busy || !health.secondary || !primary;
  byId("do-failback").disabled = busy || !health.secondary || primary;
  byId("switching").textContent = view.switching(health);
  const work = view.operation(health);
  const node = byId("operation");
  node.hidden = !work && state.working === null;
  if (work) replace(node, ...work);
  else if (state.working !== null) replace(node, document.createTextNode(word("inProgress")));
}

function showNotice() {
  const node = byId("notice");
  const notice = state.notice;
  node.hidden = !notice;
  if (!notice) return;
  node.setAttribute("data-tone", notice.tone);
  node.textContent = notice.text();
}

function showHistory() {
  if (!state.data.history) return;
  const node = byId("charts");
  replace(node, ...charts(state.data.history, Math.max(280, node.clientWidth)));
}

const shows = {
  health() {
    showTop();
    showNotice();
    const health = state.data.health;
    if (!health) return;
    showActions(health);
    replace(byId("databases"), ...view.databases(health, state.data.metrics));
    replace(byId("sync"), ...view.sync(health, state.data.metrics));
    replace(byId("alerts"), ...view.alerts(health));
  },
  breakers() {
    if (state.data.breakers) replace(byId("breakers"), ...view.breakers(state.data.breakers, resetBreaker));
  },
  metrics() {
    if (!state.data.metrics) return;
    replace(byId("system"), ...view.system(state.data.metrics));
    shows.health();
  },
  events() {
    if (state.data.events) replace(byId("events"), ...view.events(state.data.events));
  },
  history: showHistory,
};

function show(name) {
  shows[name]();
}

function showAll() {
  translatePage();
  showTheme();
  showPeriod();
  byId("language-button").textContent = word("otherLanguage");
  byId("language-button").setAttribute("aria-label", word("otherLanguageLabel"));
  byId("language-button").setAttribute("lang", document.documentElement.lang === "en" ? "es" : "en");
  for (const name of Object.keys(shows)) show(name);
  if (state.version) byId("version").textContent = word("version", { version: state.version });
}

// --- doing ---------------------------------------------------------------------------

// done and failed are keys of words, since the language may change meanwhile.
async function perform(path, body, done, failed) {
  state.working = path;
  state.notice = { tone: "busy", text: () => word("inProgress") };
  show("health");
  later("health", 500);
  try {
    const { status, document } = await run(path, body);
    state.following = status === 202 ? { done, failed } : null;
    state.notice = status === 202 ? { tone: "busy", text: () => word("doneLong") } : { tone: "good", text: () => word(done, { count: number(document.recordsSynced || 0) }) };
  } catch (error) {
    if (error instanceof ApiError) state.notice = failure(error, failed);
    else throw error;
  } finally {
    state.working = null;
    show("health");
    later("health", 0);
    later("events", 0);
    later("breakers", 0);
    later("history", 0);
  }
}

function failure(error, failed) {
  // A run goes on without whoever asked for it: it may be at work, or done.
  // What is no JSON and no error of the server was said by what stands before it: it was not begun.
  if (["away", "slow"].includes(error.code) || (error.code === "unavailable" && error.status >= 500)) return { tone: "bad", text: () => word("unanswered") };
  const own = errorWord(error.code);
  // The message of a program says more than the word for its kind.
  const more = ["failed", "refused", "unreachable", "locked", "different"].includes(error.code) && error.message !== error.code ? error.message : "";
  return { tone: "bad", text: () => [word(failed), own || error.message, more, more && error.hint].filter(Boolean).join(" ") };
}

function requestBody(reason) {
  return { requestedBy: "status page", ...(reason ? { reason } : {}) };
}

function ready(action) {
  const health = state.data.health;
  const last = health && health.lastSync ? ago(health.lastSync) : word("never");
  const actions = {
    "db-sync": { name: "Sync", typed: "SYNC", reason: false },
    "db-failover": { name: "Failover", typed: "FAILOVER", reason: true },
    "db-failback": { name: "Failback", typed: "FAILBACK", reason: true },
  };
  const { name, typed, reason } = actions[action];
  const consent = { title: word(name.toLowerCase()), text: word(`explain${name}`, { sync: last }), confirm: word(`confirm${name}`), typed, reason };
  askConsent(consent, (given) => perform(`/${action}`, requestBody(given.reason), `done${name}`, `failed${name}`));
}

function resetBreaker(role) {
  const consent = { title: word("resetOf", { role: word(role).toLowerCase() }), text: word("explainReset"), confirm: word("reset"), typed: null, reason: false };
  askConsent(consent, () => perform(`/circuit-breakers/${role}/reset`, requestBody(""), "doneReset", "failedReset"));
}

// --- the looks of the page -----------------------------------------------------------

function theme() {
  return document.documentElement.getAttribute("data-theme") || "auto";
}

function showTheme() {
  const names = { auto: "themeAuto", light: "themeLight", dark: "themeDark" };
  const button = byId("theme-button");
  button.textContent = { auto: "◐", light: "☀", dark: "☾" }[theme()];
  button.setAttribute("aria-label", `${word("theme")}: ${word(names[theme()])}`);
  button.title = word(names[theme()]);
}

function setTheme(name) {
  if (name === "auto") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.setAttribute("data-theme", name);
  try {
    localStorage.setItem(THEME_KEY, name);
  } catch {
    // it holds for this visit then
  }
  showTheme();
}

function keptTheme() {
  try {
    const name = localStorage.getItem(THEME_KEY);
    return THEMES.includes(name) ? name : "auto";
  } catch {
    return "auto";
  }
}

function showPeriod() {
  const buttons = [["24h", "day"], ["7d", "week"]].map(([period, name]) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = word(name);
    button.setAttribute("data-key", `period-${period}`);
    button.setAttribute("aria-pressed", String(state.period === period));
    button.addEventListener("click", () => {
      state.period = period;
      showPeriod();
      later("history", 0);
    });
    return button;
  });
  byId("period").setAttribute("aria-label", word("period"));
  replace(byId("period"), ...buttons);
}

// --- begin ---------------------------------------------------------------------------

async function askVersion() {
  try {
    state.version = (await read("/version")).version;
    byId("version").textContent = word("version", { version: state.version });
  } catch {
    setTimeout(askVersion, EVERY.history);
  }
}

function begin() {
  setTheme(keptTheme());
  byId("theme-button").addEventListener("click", () => setTheme(THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length]));
  byId("language-button").addEventListener("click", () => {
    switchLanguage();
    showAll();
  });
  byId("token-button").addEventListener("click", () => askToken(() => {
    showTop();
    askAll();
  }));
  for (const button of document.querySelectorAll("[data-action]")) button.addEventListener("click", () => ready(button.getAttribute("data-action")));
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) askAll();
  });
  window.addEventListener("online", askAll);
  let width = 0;
  new ResizeObserver(([entry]) => {
    if (Math.abs(entry.contentRect.width - width) < 2) return;
    width = entry.contentRect.width;
    showHistory();
  }).observe(byId("charts"));
  // What is shown as "3 minutes ago" must not stay so.
  setInterval(() => {
    for (const name of ["health", "events"]) show(name);
  }, 15000);
  showAll();
  askAll();
  askVersion();
}

begin();
