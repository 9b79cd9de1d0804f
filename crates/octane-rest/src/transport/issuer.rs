//! Who issued a certificate: parses its DER up to the issuer's name, for error messages only. Nothing is
//! trusted because of it.

/// Object IDs of common name and organisation (X.520, 2.5.4.3 and 2.5.4.10).
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];
const ORGANISATION: [u8; 3] = [0x55, 0x04, 0x0a];

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT_ID: u8 = 0x06;
const VERSION: u8 = 0xa0;

/// The issuer of a certificate: common name and organisation, as far as they are given.
pub(super) fn issuer_of(certificate: &[u8]) -> Option<String> {
    let (_, certificate, _) = element(certificate, Some(SEQUENCE))?;
    let (_, signed, _) = element(certificate, Some(SEQUENCE))?;
    let after_version = match element(signed, None)? {
        (VERSION, _, rest) => rest,
        _ => signed,
    };
    let (_, _, after_serial) = element(after_version, None)?;
    let (_, _, after_algorithm) = element(after_serial, Some(SEQUENCE))?;
    let (_, mut name, _) = element(after_algorithm, Some(SEQUENCE))?;
    let (mut common_name, mut organisation) = (None, None);
    while !name.is_empty() {
        let (_, set, rest) = element(name, Some(SET))?;
        name = rest;
        let (_, pair, _) = element(set, Some(SEQUENCE))?;
        let (_, id, value) = element(pair, Some(OBJECT_ID))?;
        let (_, text, _) = element(value, None)?;
        let text = || Some(String::from_utf8_lossy(text).into_owned());
        if id == COMMON_NAME {
            common_name = text();
        } else if id == ORGANISATION {
            organisation = text();
        }
    }
    match (common_name, organisation) {
        (Some(name), Some(organisation)) => Some(format!("{name}, {organisation}")),
        (one, other) => one.or(other),
    }
}

/// The first element: its tag, its content, and the rest.
fn element(bytes: &[u8], expected: Option<u8>) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    if expected.is_some_and(|expected| expected != tag) {
        return None;
    }
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if digits.len() > 4 {
            return None;
        }
        let length = digits
            .iter()
            .fold(0, |length, digit| length << 8 | usize::from(*digit));
        (length, rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, DnType, Issuer, KeyPair};

    use super::*;

    #[test]
    fn the_issuer_is_read_from_a_certificate() {
        let mut authority = CertificateParams::new(vec![]).unwrap();
        authority
            .distinguished_name
            .push(DnType::CommonName, "Example Root");
        authority
            .distinguished_name
            .push(DnType::OrganizationName, "Example AG");
        let issuer = Issuer::new(authority, KeyPair::generate().unwrap());
        let certificate = CertificateParams::new(vec!["octane.example".into()])
            .unwrap()
            .signed_by(&KeyPair::generate().unwrap(), &issuer)
            .unwrap();
        let issuer = issuer_of(certificate.der());
        assert_eq!(issuer.as_deref(), Some("Example Root, Example AG"));
        for end in 0..150 {
            let _ = issuer_of(&certificate.der()[..end]);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic(bytes: Vec<u8>) {
            let _ = issuer_of(&bytes);
        }
    }
}
