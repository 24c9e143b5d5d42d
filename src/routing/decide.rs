//! What a client sends meets what a server takes: THE table of the five states.

use super::lookup::{Merged, Said};
use super::{ClientMode, MtlsState, Server, ServerTls};
use MtlsState::{BrokenClientsSendMtls, BrokenServerWantsMtls, Enforced, Passthrough, Plaintext};

/// What a server takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// Mesh mTLS, and nothing else.
    MeshMtls,
    /// Plain HTTP.
    Http,
    /// Bytes as they come, to be passed on.
    Bytes,
    /// TLS, to be passed on by its server name.
    AnyTls,
    /// Mesh mTLS for a service behind, to be passed on by the name Istio gives it.
    Encoded,
    /// TLS that ends here.
    OwnTls,
    /// TLS that ends here, from clients with a certificate.
    OwnMutual,
}

/// What clients send: the columns of [`state`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sends {
    /// What the application sends.
    AsIs,
    /// Mesh mTLS that asks for Istio's own server name.
    Mesh,
    /// Mesh mTLS that asks for a server name of a rule.
    MeshFor,
    /// TLS without a certificate.
    Tls,
    /// TLS with a certificate that is not the mesh's.
    Mutual,
}

/// Why clients send that.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Because<'m> {
    /// A rule says so.
    Rule(Said<'m>),
    /// No rule does; the label decides for mesh mTLS.
    Label,
    /// No rule does; without the label the endpoints are taken to speak none.
    NoLabel,
    /// No rule does; the mesh leaves it to rules.
    AutoMtlsOff,
}

/// The protocols of Istio whose servers speak HTTP in the clear whatever `tls` says: there it can only redirect.
const HTTP: [&str; 5] = ["http", "http2", "grpc", "grpc-web", "http_proxy"];

/// The state where a client meets a server: a row per server, a column per [`Sends`] in its order.
///
/// SIMPLE, MUTUAL and OPTIONAL_MUTUAL are *passthrough* while the mesh keeps out: TLS is then between the application
/// and the gateway, and nobody can see from here whether the application makes it, so nothing is claimed to be broken
/// or plain. Mesh mTLS around such TLS breaks it: the certificates are of two authorities, and the server name is
/// none of the server's. MUTUAL and TLS without a certificate is the server that wants mTLS, word for word.
///
/// PASSTHROUGH with mesh mTLS around the application's TLS is broken, not passthrough: the gateway routes by the
/// outer server name, which is Istio's own and no host of the server. That is what the label alone does to every
/// passthrough server. Only where a rule gives the mTLS a server name does it go on, to whoever is behind.
///
/// TLS that a rule makes (SIMPLE, MUTUAL) passes a server of bytes unharmed; plain HTTP cannot read it.
#[rustfmt::skip]
pub(super) fn state(takes: Takes, sends: Sends) -> MtlsState {
    let row = match takes {
        //                  as is                  mesh                   mesh for a name        TLS                    TLS, certificate
        Takes::MeshMtls  => [BrokenServerWantsMtls, Enforced,              Enforced,              BrokenServerWantsMtls, BrokenServerWantsMtls],
        Takes::Http      => [Plaintext,             BrokenClientsSendMtls, BrokenClientsSendMtls, BrokenClientsSendMtls, BrokenClientsSendMtls],
        Takes::Bytes     => [Plaintext,             BrokenClientsSendMtls, BrokenClientsSendMtls, Passthrough,           Passthrough],
        Takes::AnyTls    => [Passthrough,           BrokenClientsSendMtls, Passthrough,           Passthrough,           Passthrough],
        Takes::Encoded   => [Passthrough,           Passthrough,           Passthrough,           Passthrough,           Passthrough],
        Takes::OwnTls    => [Passthrough,           BrokenClientsSendMtls, BrokenClientsSendMtls, Passthrough,           Passthrough],
        Takes::OwnMutual => [Passthrough,           BrokenClientsSendMtls, BrokenClientsSendMtls, BrokenServerWantsMtls, Passthrough],
    };
    row[sends as usize]
}

impl Takes {
    pub(super) fn of(server: &Server) -> Self {
        let http = HTTP.iter().any(|name| name.eq_ignore_ascii_case(&server.protocol));
        match &server.tls {
            _ if http => Self::Http,
            None => Self::Bytes,
            Some(ServerTls::IstioMutual) => Self::MeshMtls,
            Some(ServerTls::Passthrough) => Self::AnyTls,
            Some(ServerTls::AutoPassthrough) => Self::Encoded,
            Some(ServerTls::Mutual) => Self::OwnMutual,
            // Of a mode that is not known one thing is: it is not mesh mTLS.
            Some(ServerTls::Simple | ServerTls::OptionalMutual | ServerTls::Other(_)) => Self::OwnTls,
        }
    }
}

/// What clients send to a port by way of a subset or not, and why.
pub(super) fn sends<'m>(
    rules: &Merged<'m>,
    port: u16,
    subset: Option<&str>,
    auto_mtls: bool,
    label: bool,
) -> (Sends, Because<'m>) {
    if let Some(said) = rules.said(port, subset) {
        let sends = match said.tls.mode {
            ClientMode::IstioMutual if said.tls.sni.is_some() => Sends::MeshFor,
            ClientMode::IstioMutual => Sends::Mesh,
            ClientMode::Disable => Sends::AsIs,
            ClientMode::Mutual => Sends::Mutual,
            ClientMode::Simple | ClientMode::Other(_) => Sends::Tls,
        };
        return (sends, Because::Rule(said));
    }
    match (auto_mtls, label) {
        (false, _) => (Sends::AsIs, Because::AutoMtlsOff),
        (true, false) => (Sends::AsIs, Because::NoLabel),
        (true, true) => (Sends::Mesh, Because::Label),
    }
}
