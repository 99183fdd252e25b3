"""Owns the store objects that tests send: small, complete bodies in each platform's form, with every value a parameter."""

from datetime import datetime, timedelta, timezone

EPOCH = datetime(2024, 5, 2, 9, 0, 0, tzinfo=timezone.utc)


def at(seconds=0):
    """A provider time: seconds after a fixed morning in 2024, RFC 3339."""
    return (EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def local(seconds=0):
    """The same without a zone, as WooCommerce's *_gmt members have it."""
    return at(seconds).rstrip("Z")


def same_time(text, wanted):
    """True when two texts mean the same instant."""
    return text is not None and parse_time(text) == parse_time(wanted)


def parse_time(text):
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


# -- Shopify ----------------------------------------------------------------------------------------------------------


def shopify_consent(state, moment, level="single_opt_in"):
    return {"state": state, "opt_in_level": level, "consent_updated_at": moment}


def shopify_customer(id, email, updated=0, created=0, **members):
    body = {
        "id": id,
        "email": email,
        "created_at": at(created),
        "updated_at": at(updated),
        "first_name": "Ada",
        "last_name": "Byron",
        "phone": None,
        "tags": "",
        "currency": "EUR",
        "email_marketing_consent": None,
        "sms_marketing_consent": None,
    }
    body.update(members)
    return body


def shopify_order(id, email, total="10.00", currency="EUR", updated=0, created=0, status="paid", customer=None, **members):
    body = {
        "id": id,
        "email": email,
        "contact_email": email,
        "created_at": at(created),
        "updated_at": at(updated),
        "processed_at": at(created),
        "cancelled_at": None,
        "currency": currency,
        "presentment_currency": currency,
        "total_price": total,
        "current_total_price": total,
        "subtotal_price": total,
        "total_tax": "0",
        "total_discounts": "0",
        "financial_status": status,
        "name": f"#{id}",
        "order_number": id,
        "test": False,
        "confirmed": True,
        "buyer_accepts_marketing": False,
        "checkout_token": None,
        "cart_token": None,
        "customer": customer,
        "refunds": [],
        "line_items": [shopify_item()],
    }
    body.update(members)
    return body


def shopify_item(title="Lamp", quantity=1, price="10.00"):
    return {"id": 11, "product_id": 21, "variant_id": 31, "sku": "L-1", "title": title, "name": title, "quantity": quantity,
            "price": price}


def shopify_checkout(token, email, updated=0, created=0, total="25.00", cart_token=None, items=None, **members):
    body = {
        "id": 9000,
        "token": token,
        "cart_token": cart_token,
        "email": email,
        "created_at": at(created),
        "updated_at": at(updated),
        "completed_at": None,
        "closed_at": None,
        "currency": "EUR",
        "presentment_currency": "EUR",
        "total_price": total,
        "buyer_accepts_marketing": False,
        "abandoned_checkout_url": f"https://shop.example.com/recover/{token}",
        "line_items": [shopify_item(price=total)] if items is None else items,
        "customer": None,
    }
    body.update(members)
    return body


def shopify_email_consent(customer_id, email, state, moment):
    return {"customer_id": customer_id, "email_address": email, "email_marketing_consent": shopify_consent(state, moment)}


# -- WooCommerce ------------------------------------------------------------------------------------------------------


def woo_customer(id, email, modified=0, created=0, **members):
    body = {
        "id": id,
        "date_created_gmt": local(created),
        "date_modified_gmt": local(modified),
        "email": email,
        "first_name": "Ada",
        "last_name": "Byron",
        "role": "customer",
        "username": f"user{id}",
        "billing": {"first_name": "Ada", "last_name": "Byron", "email": email, "phone": "", "country": "DE"},
        "meta_data": [],
    }
    body.update(members)
    return body


def woo_order(id, email, total="10.00", currency="EUR", modified=0, created=0, status="processing", customer_id=0, **members):
    body = {
        "id": id,
        "parent_id": 0,
        "number": str(id),
        "status": status,
        "currency": currency,
        "date_created_gmt": local(created),
        "date_modified_gmt": local(modified),
        "date_paid_gmt": local(created),
        "total": total,
        "total_tax": "0",
        "customer_id": customer_id,
        "billing": {"first_name": "Ada", "last_name": "Byron", "email": email, "phone": "", "country": "DE"},
        "line_items": [{"id": 1, "product_id": 5, "name": "Lamp", "sku": "L-1", "quantity": 1, "price": 10, "total": total}],
        "refunds": [],
        "meta_data": [],
    }
    body.update(members)
    return body


# -- our own push protocol --------------------------------------------------------------------------------------------


def push_order(id, total="10.00", currency="EUR", updated=0, created=0, status="paid", **members):
    body = {
        "id": str(id),
        "number": f"N-{id}",
        "status": status,
        "currency": currency,
        "total": total,
        "created_at": at(created),
        "updated_at": at(updated),
        "items": [{"product_id": "2", "name": "Lamp", "quantity": "1", "price": total}],
    }
    body.update(members)
    return body


def push_cart(id, total="25.00", updated=0, items=None, **members):
    body = {
        "id": str(id),
        "currency": "EUR",
        "total": total,
        "url": f"https://shop.example.com/cart/{id}",
        "updated_at": at(updated),
        "items": [{"product_id": "2", "name": "Lamp", "quantity": "1", "price": total}] if items is None else items,
    }
    body.update(members)
    return body


def person(email, external_id=None, **members):
    body = {"email": email}
    if external_id is not None:
        body["external_id"] = str(external_id)
    body.update(members)
    return body


def email_consent(state, seconds, source="form"):
    return {"email": {"state": state, "at": at(seconds), "source": source}}
