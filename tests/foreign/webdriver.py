"""A browser by WebDriver (W3C), with nothing but the standard library."""

import base64
import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
ENTER, TAB, SHIFT, NULL = "\ue007", "\ue004", "\ue008", "\ue000"
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --window-size=480,760"
).split()


class Failed(Exception):
    """WebDriver could not do it."""


class Driver:
    """A running chromedriver."""

    def __init__(self):
        self.process = subprocess.Popen(
            [shutil.which("chromedriver"), "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        for line in self.process.stdout:
            if "started successfully on port" in line:
                self.url = f"http://127.0.0.1:{line.split()[-1].rstrip('.')}"
                return
        raise Failed("chromedriver does not start")

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


class Browser:
    """One window of a browser that prefers a language."""

    def __init__(self, driver, profile, language):
        options = {
            "binary": shutil.which("chromium"),
            "args": [*FLAGS, f"--user-data-dir={profile}"],
            "prefs": {"intl.accept_languages": language},
        }
        self.url = driver.url
        wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}}
        self.url = f"{driver.url}/session/{self._call('POST', '/session', wanted)['sessionId']}"

    def open(self, url):
        self._call("POST", "/url", {"url": url})

    def reload(self):
        self._call("POST", "/refresh", {})

    def run(self, script):
        """What a script returns."""
        return self._call("POST", "/execute/sync", {"script": f"return {script}", "args": []})

    def texts(self, selector):
        """What can be read in the elements that a selector finds."""
        return self.run(f"[...document.querySelectorAll('{selector}')].map((e) => e.innerText)")

    def text(self, selector):
        return " ".join(self.texts(selector))

    def focused(self):
        """The id of the element that has the focus."""
        return self.run("document.activeElement.id")

    def keys(self, *keys):
        """Presses keys, one after the other, wherever the focus is; a text is typed. What was held is let go."""
        actions, held = [], []
        for key in "".join(keys):
            if key == SHIFT:
                actions.append({"type": "keyDown", "value": key})
                held.append(key)
            elif key == NULL:
                actions += [{"type": "keyUp", "value": key} for key in held]
                held = []
            else:
                actions += [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self._call("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def accessible(self, selector):
        """Role and name of an element, as assistive technology gets them."""
        found = self._call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]
        return (
            self._call("GET", f"/element/{found}/computedrole"),
            self._call("GET", f"/element/{found}/computedlabel"),
        )

    def complaints(self):
        """What the browser's console has against the page."""
        entries = self._call("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if entry["level"] == "SEVERE"]

    def screenshot(self, path):
        path.write_bytes(base64.b64decode(self._call("GET", "/screenshot")))

    def close(self):
        self._call("DELETE", "")

    def wait(self, seconds, condition):
        """Asks until the answer is true or the time is up; the last answer."""
        deadline = time.monotonic() + seconds
        while not (answer := condition()) and time.monotonic() < deadline:
            time.sleep(0.1)
        return answer

    def _call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"content-type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise Failed(error.read().decode()[:500]) from None
