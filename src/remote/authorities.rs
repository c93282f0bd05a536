//! Which certificate authorities are trusted: those of the operating system.

use std::path::{Path, PathBuf};

use reqwest::Certificate;
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};

/// The operating system's certificate authorities as far as they are in one file; `None` where there is
/// no such file, where nothing usable is in it, where a directory is named to be read, and where the
/// system does not keep them in files: then it is left to rustls.
///
/// Linux has them twice: in one file, and in a directory with a file and links for each. By itself
/// rustls reads both, and the directory takes more than half of a start. `SSL_CERT_FILE` and
/// `SSL_CERT_DIR` name others ("openssl-env", OpenSSL's manual).
pub(super) fn in_one_file() -> Option<Vec<Certificate>> {
    if !cfg!(target_os = "linux") || std::env::var_os("SSL_CERT_DIR").is_some() {
        return None;
    }
    let named = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    read(&named.or_else(|| openssl_probe::probe().cert_file)?)
}

/// What is no certificate, or none that could sign another, does not keep the others from being trusted,
/// as in the directory.
fn read(file: &Path) -> Option<Vec<Certificate>> {
    let text = std::fs::read(file).ok()?;
    let authorities = CertificateDer::pem_slice_iter(&text).flatten();
    let usable = authorities.filter(|one| RootCertStore::empty().add(one.clone()).is_ok());
    let usable: Vec<_> = usable.filter_map(|one| Certificate::from_der(&one).ok()).collect();
    (!usable.is_empty()).then_some(usable)
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
    use tempfile::TempDir;

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
    fn what_is_no_certificate_does_not_take_the_trust_from_others() {
        let broken = "-----BEGIN CERTIFICATE-----\nnot base64!\n-----END CERTIFICATE-----\n";
        let empty = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let key = KeyPair::generate().unwrap().serialize_pem();
        let text = format!("{broken}{empty}{key}{}", authority());
        assert_eq!(trusted(&text), Some(1));
    }

    #[test]
    fn a_file_without_any_leaves_it_to_the_platform() {
        for text in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA"] {
            assert_eq!(trusted(text), None, "{text:?}");
        }
    }

    #[test]
    fn so_does_a_file_that_cannot_be_read() {
        let folder: TempDir = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).is_none());
        assert!(read(&folder.path().join("missing.pem")).is_none());
    }
}
