//! Port-forwards to the demo's proxies, with real bytes.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::time::Duration;

use crate::support::session::{PATIENCE, Session, egret};

/// A kubeconfig that must not be looked at.
const NONE: &str = "/nowhere/kubeconfig";

fn demo(more: &str) -> Session {
    let session = egret(Path::new(NONE), &format!("demo --context singapore {more}")).size(80, 24).go();
    session.sees("1/1 clusters");
    session
}

/// The address that the screen tells.
fn address(session: &Session) -> String {
    session.wait_until("an address is told", PATIENCE, |screen| read(screen).is_some());
    read(&session.screen()).unwrap()
}

fn read(screen: &str) -> Option<String> {
    let rest = &screen[screen.find("127.0.0.1:")?..];
    let end = rest.find(|c: char| !(c.is_ascii_digit() || ".:".contains(c)))?;
    Some(rest[..end].to_owned()).filter(|address| address.len() > "127.0.0.1:".len())
}

/// What a server says to a request whose client has said all by then.
fn get(address: &str, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    stream.shutdown(Shutdown::Write)?;
    let mut all = String::new();
    stream.read_to_string(&mut all)?;
    Ok(all)
}

#[test]
fn a_port_of_a_gateway_is_forwarded_listed_counted_and_stopped() {
    let session = demo("");
    session.keys("f").sees("Envoy's admin interface").type_in("15000");
    session.keys("enter");
    let address = address(&session);
    session.sees("1 forward");
    let answer = get(&address, "/server_info").unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"state\""), "{answer}");
    assert!(get(&address, "/stats").unwrap().starts_with("HTTP/1.1 200"));
    session.keys("z f").sees("port-forwards").sees(&address).sees("0/2").sees("open");
    session.keys("d").sees_not("1 forward").sees("leads to gateway");
    session.wait_until("nothing listens", PATIENCE, |_| TcpStream::connect(&address).is_err());
    session.keys("z f").sees("No port-forward is open");
}

#[test]
fn nothing_listens_any_more_when_egret_has_ended() {
    let mut session = demo("");
    session.keys("f").sees("Envoy's admin interface").type_in("15000");
    session.keys("enter");
    let address = address(&session);
    let mut open = TcpStream::connect(&address).unwrap();
    session.keys("q");
    session.wait_end(Duration::from_secs(10));
    assert!(TcpStream::connect(&address).is_err());
    open.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut rest = Vec::new();
    // Cut or ended: it is over either way.
    let _ = open.read_to_end(&mut rest);
    assert_eq!(rest, b"");
}

#[test]
fn a_port_where_nothing_listens_is_told_on_the_forward_which_goes_on() {
    let session = demo("");
    session.command("port-forward 4321");
    let address = address(&session);
    assert_eq!(get(&address, "/").unwrap_or_default(), "");
    session.keys("z f").sees("failing").says("One connection failed (1 of 1), the last:");
    session.keys("esc");
    session.sees("1 forward");
}

#[test]
fn read_only_mode_forwards_nothing_and_stops_what_is_open() {
    let refused = demo("--read-only");
    refused.keys("f").says("is read-only here, and a port-forward can carry writes");
    drop(refused);
    let session = demo("");
    session.command("port-forward 15000");
    let address = address(&session);
    session.command("read-only").says("The port-forward was stopped: it can carry writes");
    session.wait_until("nothing listens", PATIENCE, |_| TcpStream::connect(&address).is_err());
}
