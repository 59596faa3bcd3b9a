// Requests to the API. The token is held here, in memory, and in the storage of this tab only when that was asked for.

const READ_LIMIT_MS = 15000;
const RUN_LIMIT_MS = 45000;
const TOKEN_KEY = "dbr-token";
// As behind nginx and Apache, and as below BusyBox httpd.
const PLACES = ["/api/system", "/cgi-bin/dbr-api/api/system"];

let place = null;
let token = readToken();

export class ApiError extends Error {
  // code: that of the API, or "away" (no answer), "slow" (none in time), "busy" (429)
  constructor(code, status, message, hint, document) {
    super(message || code);
    this.code = code;
    this.status = status;
    this.hint = hint || null;
    this.document = document || null;
    this.retryAfterMs = 0;
  }
}

function readToken() {
  try {
    return sessionStorage.getItem(TOKEN_KEY) || "";
  } catch {
    return "";
  }
}

export function hasToken() {
  return token !== "";
}

export function setToken(value, keep) {
  token = value.trim();
  try {
    if (token && keep) sessionStorage.setItem(TOKEN_KEY, token);
    else sessionStorage.removeItem(TOKEN_KEY);
  } catch {
    // it is held in memory
  }
}

async function send(path, options, limitMs) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), limitMs);
  const headers = { Accept: "application/json", ...options.headers };
  // Not in a header that cannot hold it: the fetch would fail without a reason.
  if (token && /^[\x21-\x7e]+$/.test(token)) headers["X-DBR-Token"] = token;
  try {
    const response = await fetch(path, { cache: "no-store", credentials: "same-origin", redirect: "error", ...options, headers, signal: abort.signal });
    let document = null;
    try {
      document = await response.json();
    } catch (error) {
      if (abort.signal.aborted) throw error;
    }
    return { response, document };
  } catch {
    throw new ApiError(abort.signal.aborted ? "slow" : "away", 0);
  } finally {
    clearTimeout(timer);
  }
}

function judge({ response, document }) {
  if (document && (response.ok || document.success === true)) return { status: response.status, document };
  const error = (document && document.error) || {};
  const code = response.status === 429 ? "too_many_requests" : error.code || "unavailable";
  const failure = new ApiError(code, response.status, error.message, error.hint, document);
  failure.retryAfterMs = 1000 * (Number(response.headers.get("Retry-After")) || 0);
  throw failure;
}

async function findPlace() {
  for (const candidate of PLACES) {
    const answer = await send(`${candidate}/version`, {}, READ_LIMIT_MS);
    if (answer.response.status !== 404 && answer.response.status !== 405 && answer.document) {
      place = candidate;
      return;
    }
  }
  throw new ApiError("unavailable", 404);
}

export async function read(path) {
  if (!place) await findPlace();
  return judge(await send(place + path, {}, READ_LIMIT_MS)).document;
}

// Returns {status, document}; status 202: it goes on by itself.
export async function run(path, body) {
  if (!place) await findPlace();
  const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  return judge(await send(place + path, options, RUN_LIMIT_MS));
}
