/* verify_platforms.h -- owns how each platform of the shared vectors signs, for those that have no route file. */
#ifndef TESTS_VERIFY_PLATFORMS_H
#define TESTS_VERIFY_PLATFORMS_H

#include <stddef.h>

/*
 * How many vectors the file holds for each scheme, and how the platform signs, as a route file would say it ('...' for "..."):
 * used only where there is no route file of that platform. WooCommerce decodes the entities it stored itself: the key is what
 * was typed, and that is what a source is given.
 */
static const struct row {
    const char *platform, *scheme;
    size_t count;
    const char *specs[2];
} rows[] = {
    {"shopify", "shopify-hmac", 43, {"{'scheme':'hmac','header':'X-Shopify-Hmac-Sha256','encoding':'base64'}"}},
    {"shopify",
     "shopify-events-hmac",
     3,
     {"{'scheme':'hmac','header':'shopify-hmac-sha256','encoding':'base64','require':['shopify-event-id']}",
      "{'scheme':'hmac','header':'X-Shopify-Hmac-Sha256','encoding':'base64'}"}},
    {"woocommerce", "woocommerce-hmac", 15, {"{'scheme':'hmac','header':'X-WC-Webhook-Signature','encoding':'base64'}"}},
    {"generic",
     "generic-sha1-hex",
     7,
     {"{'scheme':'hmac','header':'X-Signature','hash':'sha1','encoding':'hex','prefix':'sha1=','prefix_optional':true,'separator':'"
      ",'}"}},
    {"generic",
     "generic-sha256-hex",
     7,
     {"{'scheme':'hmac','header':'X-Signature','encoding':'hex','prefix':'sha256=','prefix_optional':true,'separator':','}"}},
    {"generic",
     "generic-sha512-hex-convoy",
     3,
     {"{'scheme':'hmac','header':'X-Convoy-Signature','hash':'sha512','encoding':'hex'}"}},
    {"standard-webhooks", "standard-webhooks", 29, {"{'scheme':'standard'}", "{'scheme':'standard','header_prefix':'svix-'}"}},
    {"svix", "svix", 5, {"{'scheme':'standard'}", "{'scheme':'standard','header_prefix':'svix-'}"}},
    {"plugin-push", "standard-webhooks", 7, {"{'scheme':'standard'}", "{'scheme':'standard','header_prefix':'svix-'}"}},
    {"plugin-push", "svix", 1, {"{'scheme':'standard'}", "{'scheme':'standard','header_prefix':'svix-'}"}},
    {"gitlab", "standard-webhooks", 1, {"{'scheme':'standard'}"}},
    {"bigcommerce", "standard-webhooks-raw-key", 4, {"{'scheme':'standard','secret_form':'text'}"}},
    {"stripe", "stripe", 26, {"{'scheme':'timed','header':'Stripe-Signature'}"}},
    {"paddle",
     "paddle-billing",
     18,
     {"{'scheme':'timed','header':'Paddle-Signature','separator':';','timestamp_name':'ts','signature_name':'h1','signed':'{"
      "timestamp}:{body}'}"}},
    {"calendly", "calendly", 3, {"{'scheme':'timed','header':'Calendly-Webhook-Signature','tolerance_s':180}"}},
    {"recharge", "recharge-v1", 3, {"{'scheme':'timed','header':'X-Recharge-Webhook-Signature','tolerance_s':172800}"}},
    {"recharge",
     "recharge-legacy-sha256",
     3,
     {"{'scheme':'hmac','header':'X-Recharge-Hmac-Sha256','encoding':'hex','mac':'secret_prefix'}"}},
    {"github", "hub-signature-256", 15, {"{'scheme':'hmac','header':'X-Hub-Signature-256','encoding':'hex','prefix':'sha256='}"}},
    {"meta", "hub-signature-256", 7, {"{'scheme':'hmac','header':'X-Hub-Signature-256','encoding':'hex','prefix':'sha256='}"}},
    {"intercom",
     "intercom-sha1",
     5,
     {"{'scheme':'hmac','header':'X-Hub-Signature','hash':'sha1','encoding':'hex','prefix':'sha1='}"}},
    {"slack",
     "slack",
     6,
     {"{'scheme':'hmac','header':'X-Slack-Signature','encoding':'hex','prefix':'v0=','timestamp_header':'X-Slack-Request-Timestamp'"
      ",'signed':'v0:{timestamp}:{body}'}"}},
    {"zendesk",
     "zendesk",
     5,
     {"{'scheme':'hmac','header':'X-Zendesk-Webhook-Signature','encoding':'base64','timestamp_format':'iso','timestamp_header':'X-"
      "Zendesk-Webhook-Signature-Timestamp','signed':'{timestamp}{body}'}"}},
    {"klaviyo",
     "klaviyo",
     4,
     {"{'scheme':'hmac','header':'Klaviyo-Signature','encoding':'hex','timestamp_format':'http_date','timestamp_header':'Klaviyo-"
      "Timestamp','signed':'{body}{timestamp}'}"}},
    {"hubspot",
     "hubspot-v1",
     6,
     {"{'scheme':'hmac','header':'X-HubSpot-Signature','encoding':'hex','mac':'secret_prefix','when_header':'X-HubSpot-Signature-"
      "Version','when_value':'v1'}"}},
    {"hubspot",
     "hubspot-v2",
     4,
     {"{'scheme':'hmac','header':'X-HubSpot-Signature','encoding':'hex','mac':'secret_prefix','signed':'{method}{url}{body}','when_"
      "header':'X-HubSpot-Signature-Version','when_value':'v2'}"}},
    {"hubspot",
     "hubspot-v3",
     8,
     {"{'scheme':'hmac','header':'X-HubSpot-Signature-v3','encoding':'base64','timestamp_format':'unix_ms','timestamp_header':'X-"
      "HubSpot-Request-Timestamp','signed':'{method}{url.decoded}{body}{timestamp}'}"}},
    {"square",
     "square-hmac",
     6,
     {"{'scheme':'hmac','header':'x-square-hmacsha256-signature','encoding':'base64','signed':'{url}{body}'}"}},
    {"squarespace",
     "squarespace-hexkey",
     7,
     {"{'scheme':'hmac','header':'Squarespace-Signature','encoding':'hex','secret_form':'hex'}"}},
    {"shopware",
     "shopware-post",
     10,
     {"{'scheme':'hmac','header':'shopware-shop-signature','encoding':'hex','timestamp_at':'/timestamp'}"}},
    {"tiendanube", "tiendanube-hmac", 9, {"{'scheme':'hmac','header':'x-linkedstore-hmac-sha256','encoding':'hex'}"}},
    {"salla",
     "salla-signature",
     5,
     {"{'scheme':'hmac','header':'X-Salla-Signature','encoding':'hex','when_header':'X-Salla-Security-Strategy','when_value':'"
      "Signature'}"}},
    {"shopline", "shopline-hmac-base64", 3, {"{'scheme':'hmac','header':'X-Shopline-Hmac-Sha256','encoding':'either'}"}},
    {"shopline", "shopline-hmac-hex", 1, {"{'scheme':'hmac','header':'X-Shopline-Hmac-Sha256','encoding':'either'}"}},
    {"typeform", "typeform", 5, {"{'scheme':'hmac','header':'Typeform-Signature','encoding':'base64','prefix':'sha256='}"}},
    {"lemonsqueezy", "lemonsqueezy", 5, {"{'scheme':'hmac','header':'X-Signature','encoding':'hex'}"}},
    {"paddle-classic", "paddle-classic", 6, {"{'scheme':'rsa','hash':'sha1','form':'p_signature','signed':'{form.php}'}"}},
    {"shopware",
     "shopware-register",
     3,
     {"{'scheme':'hmac','header':'shopware-app-signature','encoding':'hex','timestamp_query':'timestamp','signed':'shop-id={query."
      "shop-id}&shop-url={query.shop-url}&timestamp={timestamp}'}"}},
    {"shopware",
     "shopware-proof",
     1,
     {"{'scheme':'hmac','header':'proof','encoding':'hex','signed':'{config.shop_id}{config.shop_url}{config.app_name}'}"}},
    {"twilio",
     "twilio",
     13,
     {"{'scheme':'hmac','hash':'sha1','header':'X-Twilio-Signature','encoding':'base64','body_hash':'bodySHA256','signed':'{url}','"
      "url_port':'either'}",
      "{'scheme':'hmac','hash':'sha1','header':'X-Twilio-Signature','encoding':'base64','signed':'{url}{form.sorted}','url_port':'"
      "either'}"}},
    {"sendgrid",
     "sendgrid-ecdsa",
     6,
     {"{'scheme':'ecdsa','header':'X-Twilio-Email-Event-Webhook-Signature','timestamp_header':'X-Twilio-Email-Event-Webhook-"
      "Timestamp','tolerance_s':86400,'signed':'{timestamp}{body}'}"}},
    {"ecwid",
     "ecwid-id",
     6,
     {"{'scheme':'hmac','header':'X-Ecwid-Webhook-Signature','encoding':'base64','signed':'{at:/eventCreated}.{at:/eventId}'}"}},
    {"shopline",
     "shopline-sorted",
     2,
     {"{'scheme':'hmac','query':'sign','encoding':'hex','timestamp_header':'x-shopline-developer-event-timestamp','timestamp_"
      "format':'unix_ms','signed':'{timestamp}:{body.sorted}'}"}},
    {"salla", "salla-token", 3, {"{'scheme':'token','when_header':'X-Salla-Security-Strategy','when_value':'Token'}"}},
    {"gitlab", "gitlab-token", 3, {"{'scheme':'token','header':'X-Gitlab-Token'}"}},
    {"mailchimp-transactional",
     "mandrill",
     3,
     {"{'scheme':'hmac','hash':'sha1','header':'X-Mandrill-Signature','encoding':'base64','signed':'{url}{form.sorted}'}"}},
    {"discord",
     "discord-ed25519",
     5,
     {"{'scheme':'ed25519','header':'X-Signature-Ed25519','timestamp_header':'X-Signature-Timestamp','signed':'{timestamp}{body}'"
      "}"}},
    {"wix", "wix-jwt", 7, {"{'scheme':'jwt'}"}},
    {"adobe-commerce",
     "adobe-commerce-webhook-rsa",
     4,
     {"{'scheme':'rsa','header':'x-adobe-commerce-webhook-signature','signed':'{body.base64}'}"}},
    {"adobe-io",
     "adobe-io-rsa",
     8,
     {"{'scheme':'rsa','header':['x-adobe-digital-signature-1','x-adobe-digital-signature-2'],'secret_form':'by_path','key_header':"
      "['x-adobe-public-key1-path','x-adobe-public-key2-path'],'expect':[{'at':['/recipientclientid','/"
      "recipient_client_id'],'config':'client_id'}]}"}},
    {"paypal",
     "paypal-rsa-crc32",
     8,
     {"{'scheme':'rsa','header':'PAYPAL-TRANSMISSION-SIG','id_header':'PAYPAL-TRANSMISSION-ID','timestamp_header':'PAYPAL-"
      "TRANSMISSION-TIME','timestamp_format':'iso','tolerance_s':259200,'signed':'{id}|{timestamp}|{config.webhook_id}|{body.crc32}"
      "','when_header':'PAYPAL-AUTH-ALGO','when_value':'SHA256withRSA','pin':{'header':'PAYPAL-CERT-URL','host':'*.paypal.com','"
      "path':'/v1/notifications/certs/*'},'certificate_name':'*.paypal.com'}"}},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

#endif
