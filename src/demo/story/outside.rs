//! Which hosts each gateway of the story leads to, how busy each way is, and what ails some of them.

use std::time::Duration;

use serde_json::json;

use super::gateway::Gateway;
use super::mesh::put;
use super::routes::{self, Way, http, passed, tls};
use super::{ago, begin};
use crate::demo::clock::later;
use crate::demo::envoy::Trouble;
use crate::demo::state::State;

/// A gateway's name and the hosts that it leads to.
pub(super) type Led = (&'static str, &'static [Way]);

/// Frankfurt's. One that is not here leads nowhere.
#[rustfmt::skip]
const FRANKFURT: &[Led] = &[
    ("istio-egressgateway", &[tls("api.weather.example", 12.0), http("echo.test.example", 2.0), passed("packages.mirror.example", 3.0)]),
    ("egress-legacy-erp", &[passed("erp.supplier.example", 4.0), passed("edi.supplier.example", 1.5)]),
    ("egress-mainframe", &[passed("batch.mainframe.example", 0.8)]),
    ("egress-mail", &[tls("api.mail.example", 9.0), tls("templates.mail.example", 2.0)]),
    ("egress-sms", &[tls("gateway.sms.example", 6.0)]),
    ("egress-search", &[tls("search.catalog.example", 30.0), tls("suggest.catalog.example", 55.0)]),
    ("egress-object-storage", &[tls("uploads.storage.example", 18.0), passed("buckets.storage.example", 14.0)]),
    ("egress-maps", &[tls("tiles.maps.example", 40.0), tls("geocode.maps.example", 7.0)]),
    ("egress-translation", &[tls("api.translate.example", 3.0)]),
    ("partner-egress", &[http("api.partner.example", 5.0)]),
    ("bank-egress", &[tls("clearing.bank.example", 4.0)]),
    ("telemetry-export", &[tls("ingest.telemetry.example", 22.0)]),
    ("edge-egress", &[http("api.edge.example", 4.0), passed("cdn.edge.example", 9.0)]),
    ("egress-shipping", &[tls("api.parcel.example", 16.0), tls("labels.parcel.example", 5.0), tls("track.courier.example", 2.0)]),
    ("egress-tracking", &[tls("events.tracking.example", 25.0)]),
    ("egress-webhooks", &[tls("hooks.chat.example", 34.0), tls("hooks.crm.example", 11.0), tls("callback.merchant.example", 8.0)]),
    ("egress-payments", &[tls(REFUSES, 42.0), tls("api.wallet.example", 20.0), tls("tokens.vault.example", 12.0)]),
    ("egress-payouts", &[tls("payouts.bank.example", 3.0)]),
    ("egress-tax", &[tls("rates.tax.example", 2.0)]),
    ("egress-identity", &[tls("login.identity.example", 17.0), tls("keys.identity.example", 28.0)]),
    ("egress-address-check", &[tls("verify.address.example", 6.0)]),
    ("egress-currency", &[tls("fx.rates.example", 8.0)]),
    ("egress-invoices", &[tls("portal.invoice.example", 30.0)]),
    ("egress-open-banking-psd2-account-information-service", &[tls(SHOWN, 4.0)]),
    ("egress-recommendations", &[tls("rank.model.example", 26.0)]),
    ("egress-loyalty", &[tls("points.loyalty.example", 0.0)]),
    ("egress-reviews", &[tls("api.reviews.example", 2.0)]),
    ("egress-archive", &[passed("vault.archive.example", 1.0)]),
    ("egress-reports", &[http("cubes.reports.example", 1.2)]),
    ("egress-crm", &[tls("api.crm.example", 7.0)]),
    ("egress-kyc", &[tls("screen.kyc.example", 1.5)]),
    ("egress-refunds", &[tls("refunds.cardpay.example", 5.0)]),
    ("egress-settlement", &[passed("files.settlement.example", 0.5)]),
    ("egress-partner-acme", &[tls("api.acme.example", 2.0)]),
    ("egress-newsletter", &[tls("bulk.mail.example", 3.0)]),
    ("egress-ledger", &[tls("post.ledger.example", 3.0)]),
    ("egress-coupons", &[tls("codes.coupon.example", 2.0)]),
    ("egress-exchange", &[passed("feed.exchange.example", 6.0)]),
    ("egress-chargebacks", &[tls("disputes.cardpay.example", 1.0)]),
    ("egress-fraud-check", &[tls("score.fraud.example", 15.0)]),
];

/// Singapore's.
pub(super) const SINGAPORE: &[Led] = &[
    ("egress-default", &[tls("api.weather.example", 4.0)]),
    ("egress-payments", &[tls(REFUSES, 12.0), tls("api.wallet.example", 6.0)]),
    ("egress-logistics", &[tls("api.parcel.example", 6.0), passed("port.customs.example", 1.0)]),
    ("bank-egress", &[tls("clearing.bank.example", 2.0)]),
    ("customs-egress", &[http("declare.customs.example", 0.7)]),
];

/// The sandbox's.
pub(super) const SANDBOX: &[Led] = &[("egress-shared", &[tls("sandbox.cardpay.example", 1.0)])];

/// The audit's.
pub(super) const AUDIT: &[Led] = &[
    ("egressgateway", &[tls("api.regulator.example", 3.0)]),
    ("egress-pci", &[tls("vault.pci.example", 9.0)]),
    ("egress-regulator", &[passed("files.regulator.example", 0.4)]),
];

/// The host of which two endpoints refuse connections.
const REFUSES: &str = "api.cardpay.example";

/// The host that is shown a certificate which is about to end.
const SHOWN: &str = "accounts.openbank.example";

/// The Secret of that certificate.
const CREDENTIAL: &str = "openbank-client-credential";

/// Leads what a cluster's table says of a gateway.
pub(super) fn lead(state: &mut State, table: &[Led], gateway: &Gateway) {
    if let Some((_, ways)) = table.iter().find(|(name, _)| *name == gateway.name) {
        routes::lead(state, gateway, ways);
    }
}

/// The same of Frankfurt's.
pub(super) fn lead_in_frankfurt(state: &mut State, gateway: &Gateway) {
    lead(state, FRANKFURT, gateway);
}

/// What ails hosts outside, as it is seen from Frankfurt, and the rules by which its proxies bear it.
pub(super) fn troubles(state: &mut State) {
    routes::ail(state, REFUSES, Trouble::Refuses, ago(7));
    routes::change_rule(state, "istio-system", REFUSES, |policy| {
        policy["outlierDetection"] = json!({"consecutive5xxErrors": 5, "interval": "10s", "baseEjectionTime": "30s", "maxEjectionPercent": 25});
    });
    routes::ail(state, "hooks.chat.example", Trouble::Overflows, ago(26));
    routes::change_rule(state, "istio-system", "hooks.chat.example", |policy| {
        policy["connectionPool"] =
            json!({"tcp": {"maxConnections": 100}, "http": {"http1MaxPendingRequests": 16}});
    });
    // A spell has just begun when the demo does.
    routes::ail(state, "search.catalog.example", Trouble::Slows, ago(1));
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": {"name": CREDENTIAL, "namespace": "istio-system"},
        "stringData": {"tls.crt": "demo certificate", "tls.key": "demo-private-key-that-never-shows-either"}});
    put(state, "secrets", secret, "kubectl");
    routes::change_rule(state, "istio-system", SHOWN, |policy| {
        policy["portLevelSettings"][0]["tls"] =
            json!({"mode": "MUTUAL", "sni": SHOWN, "credentialName": CREDENTIAL});
    });
    let ends = later(begin(), Duration::from_secs(5 * 86_400 + 3 * 3_600));
    state.workload.outside.credentials.insert(CREDENTIAL.into(), ends);
}

/// Nobody measures requests through this gateway: what is known of it comes from its proxies' lists of hosts.
pub(super) fn unmeasured(state: &mut State, gateway: &str) {
    let object = json!({"apiVersion": "telemetry.istio.io/v1", "kind": "Telemetry",
        "metadata": {"name": gateway, "namespace": "istio-system"},
        "spec": {"selector": {"matchLabels": {"app": gateway}},
            "metrics": [{"providers": [{"name": "prometheus"}], "overrides": [{"disabled": true}]}]}});
    put(state, "telemetries.telemetry.istio.io", object, "kubectl");
}
