"""Every platform's source takes the deliveries that `storehook send` signs as the platform does, over HTTPS, to what they mean."""

import pytest

import harness
from platforms import PLATFORMS

CASES = [(name, topic) for name, platform in PLATFORMS.items() for topic in platform.examples]


class Connected:
    """One platform with its source."""

    def __init__(self, site, name, config=None):
        self.site, self.platform = site, PLATFORMS[name]
        self.secret = self.platform.secret() if self.platform.secret else None
        title = f"{name} {'other' if config else 'shop'}"
        args = ["source", "add", name, "--name", title]
        if self.secret:
            args += ["--secret-file", f"{self.platform.name}={site.secret_file(self.secret.given)}"]
        for key, value in (config or self.platform.config).items():
            args += ["--set", f"{key}={value}"]
        url = site.json(*args)["url"]
        self.source = harness.Source(site, name, title, None, "/in/" + url.rsplit("/in/")[1])
        self.source.await_known()

    def send(self, topic, email, *extra, exit_code=0):
        signs = self.secret.signs if self.secret else "unused"
        return self.site.cli("send", self.source.platform, topic, "--to", f"https://127.0.0.1:{self.site.port}{self.source.path}",
                             "--secret-file", self.site.secret_file(signs), "--email", email, *extra, exit_code=exit_code)


@pytest.fixture(scope="module")
def connected(shared_up):
    made = {}

    def connect(name):
        if name not in made:
            made[name] = Connected(shared_up, name)
        return made[name]

    return connect


def number_of(name, topic):
    """A number of its own for each case, which stands in the ids of its example."""
    return str(7000 + CASES.index((name, topic)))


@pytest.mark.parametrize("name, topic", CASES)
def test_an_example_ends_as_what_it_says(shared_up, connected, name, topic):
    shop, number = connected(name), number_of(name, topic)
    letters = len(shared_up.dead(source=shop.source))
    shop.send(topic, f"{name}-{number}@example.com", "--number", number)
    shared_up.settle()
    assert len(shared_up.dead(source=shop.source)) == letters, shared_up.dead(source=shop.source)
    shop.platform.examples[topic](shared_up, shop.source, f"{name}-{number}@example.com", number)


@pytest.mark.parametrize("name", [name for name, platform in PLATFORMS.items() if platform.proves_body])
def test_a_changed_body_is_refused(shared_up, connected, name):
    shop = connected(name)
    before = shared_up.settled_counts()
    shop.send(next(iter(shop.platform.examples)), "changed@example.com", "--tamper", exit_code=1)
    assert shared_up.settled_counts() == before


@pytest.mark.parametrize("name", [name for name, platform in PLATFORMS.items() if platform.config])
def test_a_delivery_for_someone_else_is_refused(shared_up, name):
    others = Connected(shared_up, name, {key: f"not-{value}" for key, value in PLATFORMS[name].config.items()})
    before = shared_up.settled_counts()
    others.send(next(iter(others.platform.examples)), "someone@example.com", exit_code=1)
    assert shared_up.settled_counts() == before


def test_every_example_of_the_route_files_is_tried():
    for name, platform in PLATFORMS.items():
        route = harness.run("route", "show", name).json
        examples = route.get("push", {}).get("send", {}).get("examples", {})
        assert set(examples) <= set(platform.examples), name
