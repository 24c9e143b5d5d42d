//! What is told about a server: why it is in its state, what to do when it is broken, and what else stands in the way.
//!
//! Names stand in it as they came from the cluster: who shows them cleans them.

use super::decide::{Because, Sends, Takes};
use super::lookup::Said;
use super::{DestinationRule, MtlsState, Server};
use MtlsState::{BrokenClientsSendMtls, BrokenServerWantsMtls, Enforced, Passthrough, Plaintext};

/// The label as people read it in YAML.
const LABEL: &str = "security.istio.io/tlsMode: istio";

/// One client meeting one server.
pub(super) struct Meeting<'m> {
    pub(super) server: &'m Server,
    /// The complete host of the Service in front of it.
    pub(super) host: &'m str,
    pub(super) takes: Takes,
    pub(super) sends: Sends,
    pub(super) because: Because<'m>,
    pub(super) state: MtlsState,
    /// The subset by which the client comes.
    pub(super) subset: Option<&'m str>,
    /// A rule that looks as if it decided here and does not.
    pub(super) missed: Option<&'m DestinationRule>,
}

impl Meeting<'_> {
    /// One sentence: what clients send and what makes them, what the server takes, and what comes of it.
    pub(super) fn why(&self) -> String {
        let but = if self.state.is_broken() { "but" } else { "and" };
        let (clients, server) = (self.clients(), self.server());
        format!("{clients} ({}), {but} {server}: {}", self.because(), self.verdict())
    }

    fn clients(&self) -> &'static str {
        match self.sends {
            Sends::AsIs => "Clients add no TLS",
            Sends::Mesh | Sends::MeshFor => "Clients send mesh mTLS",
            Sends::Tls => "Clients send TLS without a certificate",
            Sends::Mutual => "Clients send TLS with a certificate of their own",
        }
    }

    fn because(&self) -> String {
        match self.because {
            Because::Rule(said) => {
                let port = if said.port { format!(" for port {}", self.server.port) } else { String::new() };
                let subset = said.subset.map(|subset| format!(" in subset {subset}")).unwrap_or_default();
                format!("DestinationRule {} says {}{port}{subset}", said.rule, said.tls.mode)
            }
            Because::Label => format!("the pods carry {LABEL} and no DestinationRule says otherwise"),
            Because::NoLabel => format!("the pods lack {LABEL} and no DestinationRule says otherwise"),
            Because::AutoMtlsOff => {
                "auto mTLS is off in the mesh and no DestinationRule says otherwise".to_owned()
            }
        }
    }

    fn server(&self) -> String {
        let mode = self.server.tls.as_ref().map_or("", |mode| mode.as_str());
        match self.takes {
            Takes::MeshMtls => format!("the server takes mesh mTLS alone ({mode})"),
            Takes::Http | Takes::Bytes => format!("the server speaks plain {}", self.protocol()),
            Takes::AnyTls | Takes::Encoded => format!("the server routes TLS by its server name ({mode})"),
            Takes::OwnTls => format!("the server ends TLS with a certificate of its own ({mode})"),
            Takes::OwnMutual => format!("the server ends TLS and wants a client certificate ({mode})"),
        }
    }

    fn protocol(&self) -> &str {
        if self.server.protocol.is_empty() { "TCP" } else { &self.server.protocol }
    }

    fn verdict(&self) -> &'static str {
        match (self.state, self.takes, self.sends) {
            (Enforced, ..) => "this hop is mesh mTLS",
            (Plaintext, ..) => "the mesh does not encrypt this hop",
            (BrokenClientsSendMtls, Takes::Http, _) => "it cannot read that, and every request fails",
            (BrokenClientsSendMtls, Takes::Bytes, _) => "it passes on mTLS that nobody outside can open",
            (BrokenClientsSendMtls, Takes::AnyTls, _) => {
                "the outer name is Istio's own and none of its hosts, so connections are reset"
            }
            (BrokenClientsSendMtls, ..) => "the certificates are of two authorities, and the handshake fails",
            (BrokenServerWantsMtls, ..) => "the handshake fails, and every connection is refused",
            (Passthrough, _, Sends::MeshFor) => "the mTLS goes on unopened, to whoever is behind",
            (Passthrough, Takes::OwnTls | Takes::OwnMutual, Sends::AsIs) => {
                "the application must make that TLS itself"
            }
            (Passthrough, Takes::OwnTls | Takes::OwnMutual, _) => {
                "TLS is between those two, without the mesh"
            }
            (Passthrough, ..) => "what comes is passed on unopened",
        }
    }

    /// What to do about a broken server, the quick way first.
    pub(super) fn remedy(&self) -> Option<String> {
        let (host, port) = (self.host, self.server.port);
        match (self.state, self.takes, self.because) {
            (BrokenClientsSendMtls, _, Because::Rule(said)) => Some(format!(
                "At once: let DestinationRule {} say DISABLE for port {port}. {}",
                said.rule,
                self.two_steps()
            )),
            (BrokenClientsSendMtls, ..) => Some(format!(
                "At once: take the label off the pods, or write a DestinationRule for {host} with tls.mode DISABLE \
                 for port {port}. {}",
                self.two_steps()
            )),
            (BrokenServerWantsMtls, Takes::OwnMutual, Because::Rule(said)) => Some(format!(
                "Let DestinationRule {} say MUTUAL with a client certificate for port {port}, or DISABLE where the \
                 application makes the TLS.",
                said.rule
            )),
            (BrokenServerWantsMtls, _, Because::Rule(Said { rule, .. })) => Some(format!(
                "Let DestinationRule {rule} say ISTIO_MUTUAL for port {port}{}.",
                self.with_sni()
            )),
            (BrokenServerWantsMtls, _, because) => {
                let label = "The label on the pods would do it for all their servers at once, those that speak \
                             plaintext too.";
                let label = if because == Because::NoLabel { format!(" {label}") } else { String::new() };
                Some(format!(
                    "Write a DestinationRule for {host} with tls.mode ISTIO_MUTUAL for port {port}{}.{label}",
                    self.with_sni()
                ))
            }
            _ => None,
        }
    }

    /// The way to mTLS that no request pays for (R13).
    fn two_steps(&self) -> String {
        let https = self.takes == Takes::Http || self.server.protocol.eq_ignore_ascii_case("https");
        let protocol = if https { "HTTPS" } else { "TLS" };
        format!(
            "To have mTLS without a gap: open a new port with protocol {protocol} and tls.mode ISTIO_MUTUAL, move the \
             routes there, then close port {}.",
            self.server.port
        )
    }

    /// The server name a rule should give, where Istio's own is none of the server's hosts.
    fn with_sni(&self) -> String {
        if self.server.hosts.is_empty() || self.server.answers(&self.own_name()) {
            return String::new();
        }
        let mut hosts = self.server.hosts.iter().map(|host| host.split_once('/').map_or(&**host, |(_, h)| h));
        match hosts.find(|host| !host.starts_with('*')) {
            Some(host) => format!(" with sni {host}"),
            None => format!(" with an sni in {}", self.server.hosts.join(", ")),
        }
    }

    /// The server name that Istio gives mesh mTLS by default.
    fn own_name(&self) -> String {
        format!("outbound_.{}_.{}_.{}", self.server.port, self.subset.unwrap_or_default(), self.host)
    }

    /// What else may go wrong, whatever the state.
    pub(super) fn cautions(&self) -> Vec<String> {
        [self.unanswered(), self.refused(), self.missed()].into_iter().flatten().collect()
    }

    /// Both sides speak mTLS, but the client asks for a name for which the server has no filter chain.
    fn unanswered(&self) -> Option<String> {
        let asked = match (self.takes, self.sends, self.because) {
            (Takes::MeshMtls | Takes::AnyTls, Sends::MeshFor, Because::Rule(said)) => said.tls.sni.clone()?,
            (Takes::MeshMtls, Sends::Mesh, _) => self.own_name(),
            _ => return None,
        };
        if self.server.hosts.is_empty() || self.server.answers(&asked) {
            return None;
        }
        let hosts = self.server.hosts.join(", ");
        let sni = self.with_sni();
        let until =
            if sni.is_empty() { sni } else { format!(", until a DestinationRule says ISTIO_MUTUAL{sni}") };
        Some(format!(
            "Clients ask for {asked}, the server answers to {hosts} only: connections are reset{until}."
        ))
    }

    /// A server that Istio's own validation refuses, so that an older one may be in force.
    fn refused(&self) -> Option<String> {
        let tls = ["https", "tls"].iter().any(|name| name.eq_ignore_ascii_case(&self.server.protocol));
        (tls && self.server.tls.is_none())
            .then(|| format!("Istio refuses a server of protocol {} without tls.", self.server.protocol))
    }

    fn missed(&self) -> Option<String> {
        let rule = self.missed.filter(|_| !matches!(self.because, Because::Rule(_)))?;
        Some(format!(
            "DestinationRule {} is for {}, which Istio does not complete: write {}, or it governs nothing.",
            rule.name, rule.host, self.host
        ))
    }
}
