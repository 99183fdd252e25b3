"""Owns the signatures of the platforms, written a second time from their public descriptions: independent of the C code."""

import base64
import hashlib
import hmac
import time
import uuid


def hmac_base64(key, text, digest=hashlib.sha256):
    return base64.b64encode(hmac.new(key, text, digest).digest()).decode()


def shopify(secret, body, topic, event_id=None, webhook_id=None, triggered_at=None, shop="demo.myshopify.com"):
    """Header fields of a classic Shopify webhook."""
    fields = [
        ("Content-Type", "application/json"),
        ("X-Shopify-Topic", topic),
        ("X-Shopify-Hmac-Sha256", hmac_base64(secret.encode(), body)),
        ("X-Shopify-Shop-Domain", shop),
        ("X-Shopify-API-Version", "2024-10"),
        ("X-Shopify-Webhook-Id", webhook_id or str(uuid.uuid4())),
    ]
    if event_id:
        fields.append(("X-Shopify-Event-Id", event_id))
    if triggered_at:
        fields.append(("X-Shopify-Triggered-At", triggered_at))
    return fields


def woocommerce(secret, body, topic, webhook_id="1", delivery_id=None):
    """Header fields of a WooCommerce webhook. The key is what the human typed, not the entities WordPress stores."""
    resource, _, event = topic.partition(".")
    return [
        ("Content-Type", "application/json"),
        ("User-Agent", "WooCommerce/9.1.2 Hookshot (WordPress/6.6)"),
        ("X-WC-Webhook-Source", "https://store.example.com/"),
        ("X-WC-Webhook-Topic", topic),
        ("X-WC-Webhook-Resource", resource),
        ("X-WC-Webhook-Event", event),
        ("X-WC-Webhook-Signature", hmac_base64(secret.encode(), body)),
        ("X-WC-Webhook-ID", webhook_id),
        ("X-WC-Webhook-Delivery-ID", delivery_id or uuid.uuid4().hex),
    ]


def standard(secret, body, message_id=None, timestamp=None, family="webhook"):
    """Header fields of Standard Webhooks; `secret` is whsec_ and base64."""
    message_id = message_id or "msg_" + uuid.uuid4().hex
    timestamp = str(int(time.time()) if timestamp is None else timestamp)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = hmac_base64(key, f"{message_id}.{timestamp}.".encode() + body)
    return [
        ("Content-Type", "application/json"),
        (f"{family}-id", message_id),
        (f"{family}-timestamp", timestamp),
        (f"{family}-signature", "v1," + signature),
    ]


def replaced(fields, name, value):
    """The fields with one of them set to another value; None takes it out."""
    out = [(n, value if n.lower() == name.lower() else v) for n, v in fields]
    return [(n, v) for n, v in out if v is not None]


def value_of(fields, name):
    return next(v for n, v in fields if n.lower() == name.lower())
