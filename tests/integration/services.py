"""Owns the rows of the services that are no shops: payments, marketing, forms, CRM, chat, generic schemes."""

from platforms import Platform, Secret, activity, consent, contact, fetch, key_pair, new_pair, nobody, order, whsec


# As it is registered with those that sign it: a proxy would stand there.
URL = {"setup": {"url": "https://hooks.example.com/behind/a,proxy"}, "sends": ("url",)}


def key_pair_of(kind, *options):
    def make():
        private, public = new_pair(kind, *options)
        return Secret(public, private)

    return make


def phone_only():
    """Consent of a number: there is no address, so there is no contact."""
    return nobody()


def refunded():
    """One order that was paid back whole."""

    def check(site, source, email, number):
        got = site.contact(email)["orders"]
        assert got["count"] == 1
        assert not [value for value in got["net"].values() if float(value)]

    return check


def suppressed():
    def check(site, source, email, number):
        got = site.contact(email)
        assert got["mailable"] is False
        assert got["suppressions"] == ["hard_bounce"]

    return check


SERVICES = {
    "asana": Platform({"task.changed": fetch("task")}),
    "calendly": Platform(
        {"invitee.created": contact(first_name="Tomas", last_name="Vlk", phone="+420600000000"),
         "invitee.canceled": activity("invitee.canceled")}),
    "cloudevents": Platform({"com.example.user.created": activity("com.example.user.created")}, whsec, name="signing_secret"),
    "discord": Platform({"APPLICATION_AUTHORIZED": activity("APPLICATION_AUTHORIZED")}, key_pair_of("ED25519")),
    "generic": Platform({"signup": contact(last_name="Okoye"), "purchase": order(EUR="18.00"), "form": contact(first_name="Nia")}),
    "github": Platform({"issues": activity("issues.opened"), "push": activity("push")}),
    "gitlab": Platform({"Issue Hook": activity("issue.open"), "Push Hook": activity("push")}, whsec, name="signing_token"),
    "gumroad": Platform(
        {"sale": order(USD="12.50"), "refund": refunded()}, secret=None, config={"seller_id": "demo"}, proves_body=False),
    "hubspot": Platform(
        {"contact.creation": fetch("contact"), "contact.propertyChange": fetch("contact"), "contact.privacyDeletion": nobody()}, **URL),
    "intercom": Platform(
        {"contact.user.created": contact(first_name="Ines", phone="+351210000000"), "contact.user.updated": contact(last_name="Prado"),
         "contact.unsubscribed": consent("unsubscribed")}),
    "klaviyo": Platform(
        {"event:klaviyo.unsubscribed_from_email_marketing": consent("unsubscribed"), "event:klaviyo.bounced_email": suppressed()}),
    "lemonsqueezy": Platform(
        {"order_created": order(USD="23.99"), "order_refunded": order(USD="14.00"), "customer_updated": consent("unsubscribed")}),
    "mailchimp": Platform(
        {"subscribe": consent("subscribed"), "profile": contact(last_name="Kowalska"), "unsubscribe": consent("unsubscribed")},
        secret=None, proves_body=False),
    "mailchimp-transactional": Platform({"unsub": consent("unsubscribed"), "hard_bounce": suppressed()}, **URL),
    "meta": Platform({"leadgen": fetch("lead")}, setup={"verify_token": "token of the form"}),
    "paddle": Platform({"customer.created": consent("subscribed"), "customer.updated": contact(last_name="Aziz")}),
    "paddle-classic": Platform({"payment_succeeded": order(GBP="24.00"), "new_audience_member": consent("subscribed")}, key_pair),
    "paypal": Platform(
        {"CHECKOUT.ORDER.APPROVED": order(), "CHECKOUT.ORDER.COMPLETED": order(USD="31.50")},
        key_pair, config={"webhook_id": "1JE4291016473214C"}, sends=("webhook_id",)),
    "segment": Platform(
        {"identify": contact(last_name="Costa"), "page": nobody(), "track:Order Completed": order(USD="27.50")}),
    "sendgrid": Platform(
        {"unsubscribe": consent("unsubscribed"), "bounce": suppressed(), "open": activity("open")},
        key_pair_of("EC", "-pkeyopt", "ec_paramgen_curve:P-256")),
    "slack": Platform({"team_join": contact(last_name="Iyer"), "user_change": contact(last_name="Rao")}),
    "square": Platform({"customer.created": contact(last_name="Mori"), "payment.updated": order(JPY="4000")}, **URL),
    "standard-webhooks": Platform(
        {"user.created": contact(last_name="Lang"), "user.updated": contact(last_name="Kurz"),
         "report.ready": activity("report.ready")}, whsec),
    "stripe": Platform(
        {"customer.created": contact(first_name="Amara", last_name="Okafor"),
         "customer.updated": contact(last_name="Obi", phone="+2348000000000"),
         "checkout.session.completed": order(EUR="19.99"), "invoice.paid": order(JPY="500")}),
    "svix": Platform(
        {"user.created": contact(last_name="Lang"), "user.updated": contact(last_name="Kurz"),
         "report.ready": activity("report.ready")}, whsec),
    "trello": Platform({"createCard": fetch("card"), "commentCard": activity("commentCard")}, **URL),
    "twilio": Platform({"stop": phone_only(), "message": activity("message")}, **URL),
    "typeform": Platform({"form_response": consent("subscribed")}),
    "zendesk": Platform({"user.created": contact(first_name="Mia", last_name="Berg"), "ticket.created": activity("ticket.created")}),
    "zoho": Platform({"Contacts.insert": fetch("record")}, proves_body=False),
}
