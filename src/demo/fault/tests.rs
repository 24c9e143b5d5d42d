//! Rules as they are written, and what they do to requests.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::time::Instant;
use tower::ServiceExt;

use super::*;

#[test]
fn rules_are_read_as_they_are_shown() {
    for text in [
        "latency=300ms",
        "deny=delete:gateways",
        "drop-watch=10s",
        "latency=2m",
        "outage=berlin",
        "error=500",
        "stale=*",
    ] {
        assert_eq!(text.parse::<Rule>().unwrap().to_string(), text);
    }
    assert_eq!("drop-watch=10s".parse::<Rule>().unwrap().effect, Effect::DropWatch(Duration::from_secs(10)));
    for text in ["latency", "latency=fast", "deny=delete", "outage=", "error=200", "fire=1"] {
        assert!(text.parse::<Rule>().unwrap_err().to_string().contains("latency=300ms"), "{text}");
    }
}

/// Sends a request to a counting service through faults: the code or the error, and how often it arrived.
async fn send(faults: &Faults, method: Method, path: &str) -> (Result<u16, String>, u64) {
    let arrived = Arc::new(AtomicU64::new(0));
    let counted = arrived.clone();
    let service = tower::service_fn(move |_: Request<Body>| {
        let n = counted.fetch_add(1, Ordering::SeqCst);
        std::future::ready(Ok::<_, BoxError>(Response::new(full(Bytes::from(n.to_string())))))
    });
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    let got = faults.layer("a").layer(service).oneshot(request).await;
    let got = got.map(|r| r.status().as_u16()).map_err(|e| e.to_string());
    (got, arrived.load(Ordering::SeqCst))
}

fn rule(which: Which, effect: Effect) -> Rule {
    Rule { which, effect }
}

#[tokio::test]
async fn requests_are_lost_before_or_after_their_effect() {
    let pods = "/api/v1/namespaces/n/pods/p";
    for (effect, arrived) in [(Effect::LostBefore, 0), (Effect::LostAfter, 1), (Effect::Outage, 0)] {
        let faults = Faults::default();
        faults.add(rule(Which::default(), effect.clone()));
        let (got, count) = send(&faults, Method::DELETE, pods).await;
        assert!(got.is_err() && count == arrived, "{effect:?}: {got:?} {count}");
    }
    for (effect, code, arrived) in
        [(Effect::Code(409), 409, 0), (Effect::CodeAfter(500), 500, 1), (Effect::Deny, 403, 0)]
    {
        let faults = Faults::default();
        faults.add(rule(Which::default(), effect));
        assert_eq!(send(&faults, Method::PUT, pods).await, (Ok(code), arrived));
    }
}

#[tokio::test]
async fn a_rule_meets_only_what_it_is_about_and_only_the_nth_of_it() {
    let faults = Faults::default();
    let which =
        Which { verb: Some("write".into()), resource: Some("pods".into()), nth: Some(2), ..Which::default() };
    faults.add(rule(which, Effect::Code(500)));
    let mut codes = Vec::new();
    for (method, path) in [
        (Method::DELETE, "/api/v1/namespaces/n/pods/p"),
        (Method::GET, "/api/v1/pods"),
        (Method::POST, "/api/v1/namespaces/n/services"),
        (Method::POST, "/api/v1/namespaces/n/pods"),
        (Method::POST, "/api/v1/namespaces/n/pods"),
    ] {
        codes.push(send(&faults, method, path).await.0.unwrap());
    }
    assert_eq!(codes, [200, 200, 200, 500, 200]);
    assert_eq!(faults.requests("a"), 5);
    assert_eq!(faults.requests("b"), 0);
}

#[tokio::test]
async fn a_rule_for_gateways_means_the_custom_resource_and_can_be_taken_back() {
    let faults = Faults::default();
    let deny: Rule = "deny=delete:gateways".parse().unwrap();
    assert!(faults.toggle(&deny));
    let path = "/apis/istio.alibabacloud.com/v1beta1/namespaces/n/istiogateways/g";
    assert_eq!(send(&faults, Method::DELETE, path).await.0, Ok(403));
    assert_eq!(send(&faults, Method::GET, path).await.0, Ok(200));
    assert!(!faults.toggle(&deny));
    assert_eq!(send(&faults, Method::DELETE, path).await.0, Ok(200));
}

#[tokio::test(start_paused = true)]
async fn a_watch_is_cut_and_its_reader_sees_it() {
    let faults = Faults::default();
    faults.add("drop-watch=10s".parse().unwrap());
    let silent = tower::service_fn(|_: Request<Body>| {
        let body = http_body_util::StreamBody::new(futures::stream::pending::<
            Result<http_body::Frame<Bytes>, BoxError>,
        >());
        std::future::ready(Ok::<_, BoxError>(Response::new(body)))
    });
    let request = Request::get("/api/v1/pods?watch=1").body(Body::empty()).unwrap();
    let start = Instant::now();
    let got = faults.layer("a").layer(silent).oneshot(request).await.unwrap();
    assert!(got.into_body().collect().await.is_err());
    assert_eq!(start.elapsed().as_secs(), 10);
}

#[tokio::test]
async fn stale_reads_are_answers_of_before() {
    let faults = Faults::default();
    faults.remember();
    let count = Arc::new(AtomicU64::new(0));
    let service = tower::service_fn(move |_: Request<Body>| {
        let text = count.fetch_add(1, Ordering::SeqCst).to_string();
        std::future::ready(Ok::<_, BoxError>(Response::new(full(Bytes::from(text)))))
    });
    let service = faults.layer("a").layer(service);
    let get = async || {
        let request = Request::get("/api/v1/pods").body(Body::empty()).unwrap();
        let got = service.clone().oneshot(request).await.unwrap();
        String::from_utf8(got.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    };
    assert_eq!((get().await, get().await), ("0".to_owned(), "1".to_owned()));
    faults.add("stale=a".parse().unwrap());
    assert_eq!(get().await, "1");
    faults.clear();
    assert_eq!(get().await, "2");
}

#[tokio::test(start_paused = true)]
async fn an_outage_breaks_off_a_watch_that_is_read_already_and_other_rules_do_not() {
    let faults = Faults::default();
    let silent = tower::service_fn(|_: Request<Body>| {
        let frames = futures::stream::pending::<Result<http_body::Frame<Bytes>, BoxError>>();
        std::future::ready(Ok::<_, BoxError>(Response::new(http_body_util::StreamBody::new(frames))))
    });
    let request = Request::builder().uri("/api/v1/pods?watch=true").body(Body::empty()).unwrap();
    let mut body = faults.layer("a").layer(silent).oneshot(request).await.unwrap().into_body();
    let short = Duration::from_millis(10);
    for rule in ["latency=5ms", "outage=b", "deny=list:pods"] {
        faults.add(rule.parse().unwrap());
        assert!(tokio::time::timeout(short, body.frame()).await.is_err(), "{rule}");
    }
    faults.add("outage=a".parse().unwrap());
    assert!(tokio::time::timeout(short, body.frame()).await.unwrap().unwrap().is_err());
    assert!(body.frame().await.is_none());
}
