//! The certificates of one cluster: a CA of its own, the servers' certificate, and client certificates.

use super::{Result, While};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};
use std::fs;
use std::path::{Path, PathBuf};

/// The certificate authority of a cluster, and the files its servers are given.
pub(super) struct Pki {
    dir: PathBuf,
    issuer: Issuer<'static, KeyPair>,
    ca: String,
}

/// A client certificate and its key, as PEM.
pub(super) struct Identity {
    pub certificate: String,
    pub key: String,
}

impl Pki {
    /// Makes everything and writes the servers' files into `dir`.
    pub(super) fn new(dir: &Path) -> Result<Self> {
        let what = "making the certificates of a cluster";
        let mut params = CertificateParams::new(Vec::new()).while_doing(what)?;
        params.distinguished_name = name("egret-test-ca", None);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate().while_doing(what)?;
        let ca = params.self_signed(&key).while_doing(what)?.pem();
        let pki = Self { dir: dir.to_owned(), issuer: Issuer::new(params, key), ca };

        // istiod takes it as well, and is asked for by the name that it has in a mesh.
        let addresses = ["127.0.0.1", "localhost", "istiod.istio-system.svc"].map(str::to_owned).to_vec();
        let mut server = CertificateParams::new(addresses).while_doing(what)?;
        server.distinguished_name = name("egret-test-server", None);
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate().while_doing(what)?;
        let certificate = server.signed_by(&key, &pki.issuer).while_doing(what)?;
        // The API server takes ECDSA keys for service accounts as well as RSA ones; ring makes only the former.
        let accounts = KeyPair::generate().while_doing(what)?;
        for (file, text) in [
            ("ca.crt", pki.ca.clone()),
            ("server.crt", certificate.pem()),
            ("server.key", key.serialize_pem()),
            ("accounts.key", accounts.serialize_pem()),
            ("accounts.pub", accounts.public_key_pem()),
        ] {
            fs::write(pki.file(file), text).while_doing(what)?;
        }
        Ok(pki)
    }

    /// A certificate for a person or a program.
    pub(super) fn client(&self, user: &str, group: Option<&str>) -> Result<Identity> {
        let what = format!("making a client certificate for {user}");
        let mut params = CertificateParams::new(Vec::new()).while_doing(&what)?;
        params.distinguished_name = name(user, group);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().while_doing(&what)?;
        let certificate = params.signed_by(&key, &self.issuer).while_doing(&what)?;
        Ok(Identity { certificate: certificate.pem(), key: key.serialize_pem() })
    }

    /// The certificate that a client trusts.
    pub(super) fn ca_pem(&self) -> &str {
        &self.ca
    }

    /// One of the files written for the servers.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

fn name(common: &str, organisation: Option<&str>) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common);
    if let Some(organisation) = organisation {
        name.push(DnType::OrganizationName, organisation);
    }
    name
}
