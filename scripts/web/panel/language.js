// The language of the page: words, numbers and times.

import { words } from "./words.js";

const KEY = "dbr-language";
let current = choose();

function choose() {
  const kept = read();
  if (kept && words[kept]) return kept;
  return (navigator.languages || [navigator.language]).map((tag) => tag.slice(0, 2)).find((tag) => words[tag]) || "en";
}

function read() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // storage is switched off
  }
}

export function language() {
  return current;
}

export function switchLanguage() {
  current = current === "en" ? "es" : "en";
  try {
    localStorage.setItem(KEY, current);
  } catch {
    // it holds for this visit then
  }
}

export function word(key, values) {
  const text = words[current][key] ?? words.en[key] ?? key;
  return values ? text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole) : text;
}

export function errorWord(code) {
  return words[current].errors[code] ?? words.en.errors[code] ?? null;
}

// Static text of the page: elements that name their words.
export function translatePage() {
  document.documentElement.lang = current;
  for (const node of document.querySelectorAll("[data-words]")) node.textContent = word(node.getAttribute("data-words"));
  document.title = `dbr · ${word("title")}`;
}

export function number(value, digits = 0) {
  if (value === null || value === undefined) return "–";
  return new Intl.NumberFormat(current, { maximumFractionDigits: digits }).format(value);
}

export function percent(part, digits = 2) {
  if (part === null || part === undefined) return "–";
  // What is not whole must not look whole.
  const value = part < 1 ? Math.floor(part * 10 ** (digits + 2)) / 10 ** (digits + 2) : part;
  return new Intl.NumberFormat(current, { style: "percent", maximumFractionDigits: digits }).format(value);
}

export function bytes(value) {
  if (value === null || value === undefined) return "–";
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let step = 0;
  while (value >= 1000 && step < units.length - 1) {
    value /= 1000;
    step++;
  }
  return `${number(value, step && value < 100 ? 1 : 0)}\u00a0${units[step]}`;
}

export function milliseconds(value) {
  if (value === null || value === undefined) return "–";
  if (value < 1000) return `${number(value)}\u00a0ms`;
  if (value < 60000) return `${number(value / 1000, 1)}\u00a0s`;
  return span(value / 1000);
}

// "3 d 4 h"
export function span(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const days = Math.floor(seconds / 86400);
  const hours = Math.floor((seconds % 86400) / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  if (days) return `${days}\u00a0d ${hours}\u00a0h`;
  if (hours) return `${hours}\u00a0h ${minutes}\u00a0min`;
  if (minutes) return `${minutes}\u00a0min`;
  return `${Math.max(0, Math.floor(seconds))}\u00a0s`;
}

// Of a time that cannot be read, as in a damaged record, the rest is shown all the same.
function isTime(time) {
  return (typeof time === "number" || typeof time === "string") && !Number.isNaN(new Date(time).getTime());
}

export function ago(time) {
  if (!isTime(time)) return "–";
  const seconds = Math.round((new Date(time).getTime() - Date.now()) / 1000);
  const format = new Intl.RelativeTimeFormat(current, { numeric: "auto" });
  for (const [unit, length] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= length) return format.format(Math.trunc(seconds / length), unit);
  }
  return format.format(Math.min(seconds, 0), "second");
}

export function clock(time) {
  return new Intl.DateTimeFormat(current, { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(time));
}

export function dateTime(time) {
  if (!isTime(time)) return "–";
  return new Intl.DateTimeFormat(current, { dateStyle: "medium", timeStyle: "medium" }).format(new Date(time));
}

export function shortTime(time, withDay) {
  const options = withDay ? { weekday: "short", day: "numeric" } : { hour: "2-digit", minute: "2-digit" };
  return new Intl.DateTimeFormat(current, options).format(new Date(time));
}
