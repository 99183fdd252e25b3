"""Owns a source that takes visits: how browsers speak to its public endpoint, and what was kept of it."""

import json
import secrets
import sqlite3

import harness
import wire

SHOP = "https://shop.example"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"


def visitor():
    return secrets.token_hex(16)


class Visits:
    """The visits of one source."""

    def __init__(self, source, origins=(SHOP,)):
        self.source, self.site = source, source.site
        args = [word for origin in origins for word in ("--origin", origin)]
        made = self.site.json("source", "visits", source.name, "on", *args)
        self.key, self.snippet, self.origin = made["key"], made["snippet"], origins[0]
        self.path = f"/visit/{self.key}"
        harness.wait_until(self.is_known, "serve knows the public key")

    def is_known(self):
        self.site.post("/in/" + "a" * 26, b"{}")  # an unknown key makes serve ask for a newer snapshot at once
        return self.preflight(self.origin).get("access-control-allow-origin") == self.origin

    def preflight(self, origin, method="POST"):
        fields = [("Origin", origin), ("Access-Control-Request-Method", method), ("Access-Control-Request-Headers", "content-type")]
        return self.site.ask(wire.request("OPTIONS", self.path, fields))

    def fields(self, **change):
        """The header fields of a beacon; None leaves one out."""
        usual = {"Origin": self.origin, "User-Agent": BROWSER, "Content-Type": "text/plain;charset=UTF-8"}
        usual.update({name.replace("_", "-"): value for name, value in change.items()})
        return [(name, value) for name, value in usual.items() if value is not None]

    def page(self, who, path="/", **more):
        return {"visitor_id": who, "type": "page_visit", "page": {"url": self.origin + path, "title": "A page"}, **more}

    def post(self, said, **change):
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        return self.site.post(self.path, body, self.fields(**change))

    def tell(self, said, **change):
        answer = self.post(said, **change)
        assert answer.status == 204, answer
        return answer

    def pixel(self, query, **change):
        usual = {"Origin": None, "Content-Type": None, "Referer": self.origin + "/", **change}
        return self.site.ask(wire.request("GET", f"{self.path}.gif?{query}", self.fields(**usual)))

    def counts(self):
        return self.site.json("source", "show", self.source.name)["counts"]

    def await_count(self, name, value):
        harness.wait_until(lambda: self.counts().get(name, 0) == value, lambda: f"{name} is {value}: {self.counts()}")

    def rows(self, sql, *values):
        with sqlite3.connect(f"file:{self.site.dir / 'storehook.db'}?mode=ro", uri=True, timeout=10) as link:
            return link.execute(sql, values).fetchall()

    def urls(self, who):
        """Addresses that were kept of a visitor until now, oldest first."""
        return [url for (url,) in self.rows("SELECT url FROM visit WHERE visitor_id = ? ORDER BY at_us, url", who)]

    def await_urls(self, who, urls):
        """The answer comes before the queue has the visit (204 promises nothing), so what is kept is waited for."""
        harness.wait_until(lambda: self.urls(who) == urls, lambda: f"{urls} of {who}: {self.urls(who)}, {self.counts()}")

    def await_contact(self, email, is_so):
        harness.wait_until(lambda: is_so(self.site.contact(email)), lambda: f"{email} is so: {self.site.contact(email)}")
