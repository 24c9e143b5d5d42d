use jiff::Timestamp;

use super::form::Printer;
use super::report::Report;
use super::{json, prometheus, table};
use crate::cli::MetricsForm;
use crate::metrics::view::{By, PodReading, Row, Totals, Window};
use crate::model::fault::{Fault, Reason};
use crate::model::gateway::GatewayId;
use crate::model::name::{Kind, ObjectKey};
use crate::model::reading::{Reading, Source};

/// A report with a number of each kind, and names that a terminal would obey.
fn report(by: By) -> Report {
    let now = Timestamp::from_second(1_780_000_000).unwrap();
    let id = GatewayId { cluster: "prod".into(), namespace: "istio-system".into(), name: "out".into() };
    let totals = Totals {
        requests: Reading::Value(12.5),
        success: Reading::Nothing,
        client_errors: Reading::Unknown,
        p50: Reading::Rough(38.0),
        p99: Reading::Above(10_000.0),
        active: Reading::NotCollected,
        source: Some(Source::Envoy),
        ..Totals::default()
    };
    let row = Row {
        key: "a\u{1b}[2J\"\\\n\u{9b}.example".into(),
        port: 443,
        totals: totals.clone(),
        flags: vec![("UF".into(), 0.5)],
        spark: Vec::new(),
        failing_since: Some(now),
    };
    let pod = |name: &str, fault: Option<Fault>| PodReading {
        pod: ObjectKey {
            cluster: "prod".into(),
            kind: Kind::Pod,
            namespace: "istio-system".into(),
            name: name.into(),
        },
        last: fault.is_none().then_some(now),
        took: 0.25,
        fault,
        broken: 2,
        dropped: 3,
        way: None,
        source: None,
        restarted: None,
        workers: Reading::Value(2.0),
        memory: Reading::Unknown,
        control_plane: Reading::Unknown,
    };
    let fault = Fault::new(Reason::Denied, "no", "ask");
    Report {
        id,
        now,
        since: Some(now),
        window: Window::FiveMinutes,
        by,
        totals,
        rows: vec![row],
        pods: vec![pod("out-1", None), pod("out-2", Some(fault))],
    }
}

fn text(print: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    print(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Characters that a terminal obeys, but for the ends of lines.
fn obeyed(text: &str) -> Vec<char> {
    text.chars().filter(|c| c.is_control() && *c != '\n').collect()
}

#[test]
fn no_form_sends_what_a_terminal_obeys() {
    let report = report(By::Host);
    let table = text(|out| table::print(&report, out));
    let prometheus = text(|out| prometheus::print(&report, out));
    let json = text(|out| json::print(&report, out));
    for text in [&table, &prometheus, &json] {
        assert_eq!(obeyed(text), Vec::<char>::new(), "{text}");
    }
    let read: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(read["rows"][0]["key"], "a\u{1b}[2J\"\\\n\u{9b}.example", "JSON escapes, and says the same");
}

#[test]
fn a_number_that_is_missing_says_why_and_is_no_zero() {
    let report = report(By::Host);
    let read: serde_json::Value = serde_json::from_str(&text(|out| json::print(&report, out))).unwrap();
    let totals = &read["totals"];
    for (name, shown) in [
        ("requestsPerSecond", r#"{"value":12.5}"#),
        ("success", r#"{"value":null,"state":"nothing"}"#),
        ("clientErrorsPerSecond", r#"{"value":null,"state":"unknown"}"#),
        ("p50Milliseconds", r#"{"value":38.0,"state":"rough"}"#),
        ("p99Milliseconds", r#"{"value":10000.0,"state":"above"}"#),
        ("activeConnections", r#"{"value":null,"state":"not-collected"}"#),
    ] {
        assert_eq!(totals[name].to_string(), shown, "{name}");
    }
    assert_eq!(read["pods"][1]["fault"]["reason"], "denied");
    let prometheus = text(|out| prometheus::print(&report, out));
    assert!(!prometheus.contains("success_ratio"), "what is not known is not there: {prometheus}");
    assert!(prometheus.contains("duration_p50_seconds"), "{prometheus}");
}

#[test]
fn labels_are_escaped_as_the_text_format_says() {
    let printed = text(|out| prometheus::print(&report(By::Host), out));
    let wanted = "egret_gateway_requests_per_second{cluster=\"prod\",namespace=\"istio-system\",gateway=\"out\",\
                  host=\"a·[2J\\\"\\\\\\n·.example\",port=\"443\"} 12.5\n";
    assert!(printed.contains(wanted), "{printed}");
    assert!(printed.contains("egret_gateway_duration_p50_seconds{"), "{printed}");
    assert!(printed.contains("pod=\"out-1\"} 1\n") && printed.contains("pod=\"out-2\"} 0\n"), "{printed}");
}

#[test]
fn a_table_names_its_rows_and_ends_with_all() {
    for (by, heading) in [(By::Host, "HOST"), (By::Pod, "POD"), (By::Code, "CODE"), (By::Flag, "FLAG")] {
        let printed = text(|out| table::print(&report(by), out));
        let lines: Vec<&str> = printed.lines().collect();
        assert_eq!(lines.len(), 4, "{printed}");
        assert!(lines[0].ends_with("window 5m   from envoy   1 of 2 pods read"), "{printed}");
        assert!(lines[1].starts_with(heading) && !lines[1].contains("CONN/S"), "{printed}");
        assert!(lines[3].starts_with("ALL ") && lines[3].contains("~38ms"), "{printed}");
        // Of flags there is no column where they are the rows.
        assert_eq!(lines[2].contains("UF 0.5"), by != By::Flag, "{printed}");
        assert!(lines[2].contains("n/c") && lines[2].contains(">10s"), "{printed}");
    }
}

#[test]
fn a_table_is_drawn_again_in_its_place_however_long_its_lines_are_and_below_what_was_said_since() {
    let report = Report { rows: Vec::new(), ..report(By::Pod) };
    let (mut printer, mut screen) =
        (Printer::new(MetricsForm::Table, true, || (24, 40)), vt100::Parser::new(24, 40, 0));
    let mut print = |screen: &mut vt100::Parser, said: &str| {
        if !said.is_empty() {
            screen.process(said.as_bytes());
            printer.interrupted();
        }
        screen.process(text(|out| printer.print(&report, out)).replace('\n', "\r\n").as_bytes());
        screen.screen().contents().matches("prod/istio-system/out").count()
    };
    assert_eq!([print(&mut screen, ""), print(&mut screen, "")], [1, 1]);
    assert_eq!([print(&mut screen, "a pod cannot be read\r\n"), print(&mut screen, "")], [2, 2]);
    assert_eq!(screen.screen().contents().matches("a pod cannot be read").count(), 1);
}
