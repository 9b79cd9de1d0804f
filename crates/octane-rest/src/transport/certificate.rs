//! What a certificate says: parses its DER as far as names and dates, for messages only. Nothing is trusted because of it.

use crate::date;

/// Object IDs of common name and organisation (X.520, 2.5.4.3 and 2.5.4.10).
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];
const ORGANISATION: [u8; 3] = [0x55, 0x04, 0x0a];

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT_ID: u8 = 0x06;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;

/// A certificate that a server has presented.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeerCertificate {
    /// Whose it is: common name and organisation, as far as they are given. Servers often have only alternative names.
    pub subject: Option<String>,
    /// Who has issued it: common name and organisation, as far as they are given.
    pub issuer: Option<String>,
    /// From when on it is valid, in seconds since 1970.
    pub not_before: i64,
    /// Until when it is valid, in seconds since 1970.
    pub not_after: i64,
    /// The names as they are encoded, by which a chain is followed.
    subject_der: Vec<u8>,
    issuer_der: Vec<u8>,
}

impl PeerCertificate {
    /// Parses a certificate (DER); none if it is not one.
    pub fn parse(certificate: &[u8]) -> Option<Self> {
        let (_, certificate, _) = element(certificate, Some(SEQUENCE))?;
        let (_, signed, _) = element(certificate, Some(SEQUENCE))?;
        let after_version = match element(signed, None)? {
            (VERSION, _, rest) => rest,
            _ => signed,
        };
        let (_, _, after_serial) = element(after_version, None)?;
        let (_, _, after_algorithm) = element(after_serial, Some(SEQUENCE))?;
        let (_, issuer, after_issuer) = element(after_algorithm, Some(SEQUENCE))?;
        let (_, validity, after_validity) = element(after_issuer, Some(SEQUENCE))?;
        let (tag, not_before, rest) = element(validity, None)?;
        let not_before = time(tag, not_before)?;
        let (tag, not_after, _) = element(rest, None)?;
        let (_, subject, _) = element(after_validity, Some(SEQUENCE))?;
        Some(Self {
            subject: name(subject),
            issuer: name(issuer),
            not_before,
            not_after: time(tag, not_after)?,
            subject_der: subject.to_vec(),
            issuer_der: issuer.to_vec(),
        })
    }
}

/// The issuer that a client would have to trust: that of the last certificate on the way from the server's own, which comes
/// first, through those that the server presents as well.
pub(crate) fn missing_issuer(chain: &[PeerCertificate]) -> Option<&str> {
    let (mut last, rest) = chain.split_first()?;
    // A server may present them in any order, and in a circle.
    for _ in rest {
        let issuer = rest
            .iter()
            .find(|it| it.subject_der == last.issuer_der && last.issuer_der != last.subject_der);
        match issuer {
            Some(issuer) => last = issuer,
            None => break,
        }
    }
    last.issuer.as_deref()
}

/// Common name and organisation.
fn name(mut name: &[u8]) -> Option<String> {
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

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ` (RFC 5280, 4.1.2.5), in seconds since 1970.
fn time(tag: u8, text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = text.split_at_checked(if tag == UTC_TIME { 2 } else { 4 })?;
    let mut year: i64 = year.parse().ok()?;
    if tag == UTC_TIME {
        year += if year < 50 { 2000 } else { 1900 };
    }
    let part = |index: usize| rest.get(index * 2..index * 2 + 2)?.parse::<i64>().ok();
    let (month, day) = (part(0)?, part(1)?);
    let (hour, minute, second) = (part(2)?, part(3)?, part(4)?);
    let is_date = (1..=12).contains(&month) && (1..=31).contains(&day);
    is_date.then(|| date::seconds(year, month, day) + (hour * 60 + minute) * 60 + second)
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
    use rcgen::{
        BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd,
    };

    use super::*;

    fn params(name: &str) -> CertificateParams {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    }

    fn signed_by(name: &str, issuer: &str) -> PeerCertificate {
        let issuer = Issuer::new(params(issuer), KeyPair::generate().unwrap());
        let key = KeyPair::generate().unwrap();
        let certificate = params(name).signed_by(&key, &issuer).unwrap();
        PeerCertificate::parse(certificate.der()).unwrap()
    }

    #[test]
    fn names_and_dates_are_read_from_a_certificate() {
        let mut authority = params("Example Root");
        authority
            .distinguished_name
            .push(DnType::OrganizationName, "Example AG");
        let issuer = Issuer::new(authority, KeyPair::generate().unwrap());
        let mut own = CertificateParams::new(vec!["octane.example".into()]).unwrap();
        own.distinguished_name.push(DnType::CommonName, "octane");
        own.not_before = date_time_ymd(1999, 12, 31);
        own.not_after = date_time_ymd(2051, 3, 1);
        let certificate = own
            .signed_by(&KeyPair::generate().unwrap(), &issuer)
            .unwrap();
        let parsed = PeerCertificate::parse(certificate.der()).unwrap();
        assert_eq!(parsed.issuer.as_deref(), Some("Example Root, Example AG"));
        assert_eq!(parsed.subject.as_deref(), Some("octane"));
        assert_eq!(parsed.not_before, 946_598_400);
        // After 2049 a date has four digits of its year.
        assert_eq!(parsed.not_after, 2_561_241_600);
        for end in 0..150 {
            let _ = PeerCertificate::parse(&certificate.der()[..end]);
        }
    }

    #[test]
    fn the_missing_issuer_is_that_of_the_last_certificate_of_the_chain() {
        let own = signed_by("octane", "Issuing CA");
        let middle = signed_by("Issuing CA", "Policy CA");
        let policy = signed_by("Policy CA", "Root CA");
        let root = signed_by("Root CA", "Root CA");
        let missing = |chain: &[&PeerCertificate]| {
            let chain: Vec<_> = chain.iter().map(|&it| it.clone()).collect();
            missing_issuer(&chain).map(str::to_owned)
        };
        let named = |name: &str| Some(name.to_owned());
        assert_eq!(missing(&[]), None);
        assert_eq!(missing(&[&own]), named("Issuing CA"));
        assert_eq!(missing(&[&own, &policy]), named("Issuing CA"));
        assert_eq!(missing(&[&own, &policy, &middle]), named("Root CA"));
        assert_eq!(missing(&[&own, &middle, &policy, &root]), named("Root CA"));
        let circle = signed_by("Policy CA", "Issuing CA");
        assert!(missing(&[&own, &middle, &circle]).is_some());
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic(bytes: Vec<u8>) {
            let _ = PeerCertificate::parse(&bytes);
        }

        #[test]
        fn no_time_makes_the_parser_panic(tag: u8, text in "[0-9]{0,15}Z?") {
            let _ = time(tag, text.as_bytes());
        }
    }
}
