//! Files of certificate authorities.

use std::path::Path;

use reqwest::Certificate;
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};

/// Reads the certificate authorities of a PEM file; `None` if it has no usable one.
///
/// Like rustls, it skips entries that are not certificates or that cannot be trust anchors.
pub(crate) fn read(file: &Path) -> Option<Vec<Certificate>> {
    let text = std::fs::read(file).ok()?;
    let authorities = CertificateDer::pem_slice_iter(&text).flatten();
    let usable = authorities.filter(|one| RootCertStore::empty().add(one.clone()).is_ok());
    let usable: Vec<_> = usable.filter_map(|one| Certificate::from_der(&one).ok()).collect();
    (!usable.is_empty()).then_some(usable)
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};

    use super::*;

    fn authority() -> String {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem()
    }

    fn trusted(text: &str) -> Option<usize> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("authorities.pem");
        std::fs::write(&file, text).unwrap();
        read(&file).map(|authorities| authorities.len())
    }

    #[test]
    fn all_authorities_of_a_file_are_trusted() {
        let text = format!("{}\n# Contoso Root\n{}", authority(), authority());
        assert_eq!(trusted(&text), Some(2));
    }

    #[test]
    fn an_unusable_entry_does_not_affect_the_others() {
        let broken = "-----BEGIN CERTIFICATE-----\nnot base64!\n-----END CERTIFICATE-----\n";
        let empty = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let key = KeyPair::generate().unwrap().serialize_pem();
        let text = format!("{broken}{empty}{key}{}", authority());
        assert_eq!(trusted(&text), Some(1));
    }

    #[test]
    fn a_file_without_certificates_is_ignored() {
        for text in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA"] {
            assert_eq!(trusted(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_is_ignored() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).is_none());
        assert!(read(&folder.path().join("missing.pem")).is_none());
    }
}
