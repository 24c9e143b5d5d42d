//! Which proxy, if any, leads to a server: as kubectl, and Go's HTTP client below it, decide.

use std::net::IpAddr;

use http::Uri;

/// `HTTPS_PROXY` (for a server without TLS `HTTP_PROXY`), unless `NO_PROXY` names the server.
pub(super) fn of_environment(server: &Uri) -> Option<Uri> {
    let var = |name: &str| {
        std::env::var(name.to_uppercase()).or_else(|_| std::env::var(name)).ok().filter(|v| !v.is_empty())
    };
    let plain = server.scheme_str() == Some("http");
    let proxy = var(if plain { "http_proxy" } else { "https_proxy" })?;
    if reached_directly(server, &var("no_proxy").unwrap_or_default()) { None } else { url(&proxy) }
}

/// The URL of a proxy; one without a scheme is an HTTP proxy.
pub(super) fn url(proxy: &str) -> Option<Uri> {
    if proxy.contains("://") { proxy.parse().ok() } else { format!("http://{proxy}").parse().ok() }
}

/// Whether a server needs no proxy: the machine itself, and whatever the list names.
fn reached_directly(server: &Uri, list: &str) -> bool {
    let Some(host) = server.host().map(|h| h.trim_matches(['[', ']']).to_lowercase()) else { return true };
    let port = server.port_u16().unwrap_or(if server.scheme_str() == Some("http") { 80 } else { 443 });
    let address: Option<IpAddr> = host.parse().ok();
    if host == "localhost" || address.is_some_and(|a| a.is_loopback()) {
        return true;
    }
    list.split(',').map(|entry| entry.trim().to_lowercase()).any(|entry| names(&entry, &host, address, port))
}

/// Whether an entry of `NO_PROXY` names a host: `*`, a network, an address, a domain, with or without a port.
fn names(entry: &str, host: &str, address: Option<IpAddr>, port: u16) -> bool {
    if entry == "*" {
        return true;
    }
    if let Some((network, bits)) = entry.split_once('/') {
        return within(network, bits, address).unwrap_or(false);
    }
    // An IPv6 address has colons of its own.
    let (name, wanted) = match entry.rsplit_once(':') {
        Some((name, wanted)) if !name.contains(':') || name.ends_with(']') => (name, Some(wanted)),
        _ => (entry, None),
    };
    if wanted.is_some_and(|wanted| wanted.parse() != Ok(port)) {
        return false;
    }
    let name = name.trim_matches(['[', ']']);
    if let Ok(named) = name.parse::<IpAddr>() {
        return address == Some(named);
    }
    // `example.com` is the host and what is below it, `.example.com` and `*.example.com` only what is below.
    let below = name.trim_start_matches('*').trim_start_matches('.');
    let fits_below = host.strip_suffix(below).is_some_and(|rest| rest.ends_with('.'));
    !below.is_empty() && (fits_below || host == name)
}

fn within(network: &str, bits: &str, address: Option<IpAddr>) -> Option<bool> {
    let bits: u32 = bits.parse().ok()?;
    Some(match (network.parse().ok()?, address?) {
        (IpAddr::V4(network), IpAddr::V4(host)) => {
            let shift = 32u32.checked_sub(bits)?;
            (network.to_bits() ^ host.to_bits()).checked_shr(shift).unwrap_or(0) == 0
        }
        (IpAddr::V6(network), IpAddr::V6(host)) => {
            let shift = 128u32.checked_sub(bits)?;
            (network.to_bits() ^ host.to_bits()).checked_shr(shift).unwrap_or(0) == 0
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_reached_directly_when_the_list_names_it() {
        for (server, list, direct) in [
            ("https://10.0.0.1:6443", "", false),
            ("https://10.0.0.1:6443", "*", true),
            ("https://10.0.0.1:6443", "10.0.0.1", true),
            ("https://10.0.0.1:6443", "10.0.0.1:6443", true),
            ("https://10.0.0.1:6443", "10.0.0.1:443", false),
            ("https://10.0.0.1:6443", "10.0.0.0/8", true),
            ("https://10.0.0.1:6443", "11.0.0.0/8, 0.0.0.0/0", true),
            ("https://10.0.0.1:6443", "11.0.0.0/8", false),
            ("https://10.0.0.1:6443", "10.0.0.0/33,10.0.0.0/x", false),
            ("https://api.example.com", "example.com", true),
            ("https://api.example.com", ".example.com", true),
            ("https://api.example.com", "*.example.com", true),
            ("https://example.com", "example.com:443", true),
            ("https://example.com", ".example.com", false),
            ("https://badexample.com", "example.com", false),
            ("https://API.Example.Com", "x, EXAMPLE.com", true),
            ("https://[fd00::1]:6443", "fd00::1", true),
            ("https://[fd00::1]:6443", "[fd00::1]:6443", true),
            ("https://[fd00::1]:6443", "fd00::/8", true),
            ("https://[fd00::1]:6443", "fe00::/8", false),
            ("https://localhost:6443", "", true),
            ("https://127.0.0.1:6443", "", true),
            ("https://[::1]:6443", "", true),
            ("https://api.example.com", ",,", false),
        ] {
            let server: Uri = server.parse().unwrap();
            assert_eq!(reached_directly(&server, list), direct, "{server} with NO_PROXY={list}");
        }
    }

    #[test]
    fn a_proxy_without_a_scheme_is_an_http_proxy() {
        assert_eq!(url("proxy:3128").unwrap(), "http://proxy:3128/");
        assert_eq!(url("socks5://proxy:1080").unwrap(), "socks5://proxy:1080/");
    }
}
