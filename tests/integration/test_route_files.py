"""`storehook route`: lists, shows, checks and tries the files that describe platforms."""

import json

import pytest

import harness


@pytest.fixture(scope="module")
def woocommerce(tmp_path_factory):
    result = harness.run("route", "show", "woocommerce")
    assert result.exit == 0, result
    path = tmp_path_factory.mktemp("routes") / "mine.json"
    path.write_text(result.out)
    return path


def test_list_names_the_built_in_platforms():
    result = harness.run("route", "list", "--json")
    assert result.exit == 0
    assert {"shopify", "woocommerce", "storehook"} <= {row["platform"] for row in json.loads(result.out)}


def test_a_shown_file_passes_the_check(woocommerce):
    result = harness.run("route", "check", str(woocommerce))
    assert result.exit == 0 and result.err == ""


def test_check_tells_place_and_hint(woocommerce, tmp_path):
    broken = tmp_path / "broken.json"
    broken.write_text(woocommerce.read_text().replace('"order.total"', '"order.totl"').replace('"topics"', '"topcs"'))
    result = harness.run("route", "check", str(broken))
    assert result.exit == 1
    assert f"{broken}#/objects/order/order.totl: no member of an event (did you mean order.total?)" in result.err
    assert f"{broken}#/topcs: unknown member (did you mean topics?)" in result.err
    assert json.loads(harness.run("route", "check", str(broken), "--json").out)["ok"] is False


def test_unknown_platform_is_told_with_the_nearest():
    result = harness.run("route", "show", "woocomerce")
    assert result.exit == 1 and 'did you mean "woocommerce"?' in result.err


def test_try_tells_what_a_body_means(woocommerce, tmp_path):
    body = tmp_path / "body.json"
    body.write_text('{"id": 820982911946154508, "email": "a@b.example", "first_name": "M&amp;M", "role": "customer"}')
    result = harness.run("route", "try", str(woocommerce), str(body), "--topic", "customer.created", "--json")
    assert result.exit == 0, result
    event = json.loads(result.out)["events"][0]
    assert event["type"] == "signup" and event["contact.external_id"] == "820982911946154508"
    assert event["contact.first_name"] == "M&M" and event["contact.tags"] == ["customer"]


def test_try_tells_why_a_body_means_nothing(woocommerce, tmp_path):
    body = tmp_path / "body.json"
    body.write_text('{"id": 1, "currency": "EUR", "total": "1e3"}')
    result = harness.run("route", "try", str(woocommerce), str(body), "--header", "X-WC-Webhook-Topic: order.created")
    assert result.exit == 1 and "mapping: order.total: /total must be a plain decimal number" in result.err
    result = harness.run("route", "try", str(woocommerce), str(body))
    assert result.exit == 1 and "unknown_topic" in result.err
