"""A real Chromium, driven through chromedriver (WebDriver over HTTP, W3C); nothing but Python's own library.

    from page import Page
    with Page(url) as page:
        page.wait_text("[data-testid=status]", "Healthy")
        page.click("#do-failover")

Elements are named by CSS selectors. A wait that is over raises with what was there instead. Errors and violations of the page's
policy that the browser logged are raised at the end.
"""
import base64
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {"enter": "\ue007", "tab": "\ue004", "escape": "\ue00c", "left": "\ue012", "right": "\ue014", "home": "\ue011", "end": "\ue010", "space": " "}


class Page:
    def __init__(self, url, language="en", size=(1280, 900), dark=False, wait=20):
        self.wait_seconds = wait
        self.expected = []  # parts of messages in the browser's log that belong to the test
        self.directory = tempfile.mkdtemp(prefix="dbr-page-")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.base = f"http://127.0.0.1:{port}"
        log = open(os.path.join(self.directory, "driver.log"), "wb")
        self.driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.session = None
        try:
            self._start(language, size, dark)
            self.open(url)
        except BaseException:
            self.close()
            raise

    def _start(self, language, size, dark):
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", f"--window-size={size[0]},{size[1]}",
                     "--host-resolver-rules=MAP dbr.example.com 127.0.0.1", "--no-proxy-server", f"--lang={language}", f"--user-data-dir={self.directory}/profile"]
        if dark:
            arguments.append("--blink-settings=preferredColorScheme=0")
        chrome = {"args": arguments, "prefs": {"intl.accept_languages": language}, "binary": shutil.which("chromium")}
        wanted = {"browserName": "chrome", "acceptInsecureCerts": True, "goog:chromeOptions": chrome, "goog:loggingPrefs": {"browser": "ALL"}}
        end = time.monotonic() + self.wait_seconds
        while True:
            try:
                self._call("GET", "/status")
                break
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
        self.session = "/session/" + self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            if kind is None:
                self.check_log()
            else:
                self.picture("failed")
                print("the page said:", self.text("body")[:3000])
        finally:
            self.close()

    def close(self):
        try:
            if self.session:
                self._call("DELETE", self.session)
        except OSError:
            pass
        self.driver.terminate()
        self.driver.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    # --- the protocol ---

    def _call(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise LookupError(json.load(error)["value"]["message"].splitlines()[0]) from None

    def _do(self, method, path, body=None):
        return self._call(method, self.session + path, body)

    def _at(self, method, selector, path, body=None):
        """Of the element that is there now: the page may put a new one in its place at any moment, and then nothing was done."""
        for attempt in range(20):
            try:
                return self._do(method, f"/element/{self.find(selector)}{path}", body)
            except LookupError as error:
                if "stale element" not in str(error) or attempt == 19:
                    raise

    # --- what a person does ---

    def open(self, url):
        self._do("POST", "/url", {"url": url})

    def reload(self):
        self._do("POST", "/refresh", {})

    def find(self, selector):
        return self._do("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def all(self, selector):
        return [item[ELEMENT] for item in self._do("POST", "/elements", {"using": "css selector", "value": selector})]

    def click(self, selector):
        self.wait(lambda: self.enabled(selector), f"{selector} can be clicked")
        self._at("POST", selector, "/click", {})

    def type(self, selector, text):
        self._at("POST", selector, "/value", {"text": text})

    def press(self, *names):
        keys = [KEYS.get(name, name) for name in names]
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._do("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def point_at(self, selector, x, y):
        place = {ELEMENT: self.find(selector)}
        move = {"type": "pointerMove", "duration": 0, "origin": place, "x": x, "y": y}
        self._do("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": [move]}]})

    def size(self, width, height):
        self._do("POST", "/window/rect", {"width": width, "height": height})

    # --- what a person sees ---

    def text(self, selector):
        return self._at("GET", selector, "/text")

    def attribute(self, selector, name):
        return self._at("GET", selector, f"/attribute/{name}")

    def enabled(self, selector):
        return self._at("GET", selector, "/enabled") and self._at("GET", selector, "/displayed")

    def shown(self, selector):
        return any(self._do("GET", f"/element/{item}/displayed") for item in self.all(selector))

    def script(self, text, *arguments):
        return self._do("POST", "/execute/sync", {"script": text, "args": list(arguments)})

    def focused(self):
        return self.script("const e = document.activeElement; return e.id || e.dataset.key || e.tagName")

    def wait(self, test, what, seconds=None):
        end = time.monotonic() + (seconds or self.wait_seconds)
        reason = None
        while True:
            try:
                if test():
                    return
            except LookupError as error:
                reason = error
            if time.monotonic() > end:
                raise AssertionError(f"it did not come to be that {what}: {reason or ''}")
            time.sleep(0.05)

    def wait_text(self, selector, part, seconds=None):
        found = [None]

        def has():
            found[0] = self.text(selector)
            return part in found[0]

        try:
            self.wait(has, f"{selector} says {part}", seconds)
        except AssertionError as error:
            raise AssertionError(f"{error} (it says: {found[0]})") from None

    def picture(self, name):
        """Of the whole page, into $DBR_PICTURES, where that is set."""
        directory = os.environ.get("DBR_PICTURES")
        if not directory:
            return
        metrics = self._do("POST", "/goog/cdp/execute", {"cmd": "Page.getLayoutMetrics", "params": {}})["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": metrics["width"], "height": min(metrics["height"], 6000), "scale": 1}
        shot = self._do("POST", "/goog/cdp/execute", {"cmd": "Page.captureScreenshot", "params": {"captureBeyondViewport": True, "clip": clip}})
        with open(os.path.join(directory, f"{name}.png"), "wb") as file:
            file.write(base64.b64decode(shot["data"]))

    def check_log(self):
        lines = [line["message"] for line in self._do("POST", "/se/log", {"type": "browser"}) if line["level"] in ("SEVERE", "WARNING")]
        wrong = [line for line in lines if not any(part in line for part in self.expected)]
        if wrong:
            raise AssertionError("the browser complains: " + "\n".join(wrong))
