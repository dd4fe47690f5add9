//! A token of three parts (JWS compact serialisation, RFC 7515), and whether its signature holds.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::{hmac, signature};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::BadToken;

/// Longer tokens are not looked at.
const LONGEST: usize = 16 * 1024;

/// How a token may be signed (RFC 7518, 3.1; RFC 8037). `none`, and all others, are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum Algorithm {
    HS256,
    RS256,
    ES256,
    #[serde(rename = "EdDSA", alias = "Ed25519")]
    Ed25519,
}

impl Algorithm {
    /// Whether a key that says so is for it.
    pub(super) fn is_called(self, said: &str) -> bool {
        match self {
            Self::HS256 => said == "HS256",
            Self::RS256 => said == "RS256",
            Self::ES256 => said == "ES256",
            Self::Ed25519 => matches!(said, "EdDSA" | "Ed25519"),
        }
    }
}

/// A key that judges signatures. Each is of one kind, and judges the one algorithm of its kind: a token cannot choose that
/// the text of a public key be taken for a secret (RFC 8725, 2.1).
pub(super) enum VerifyingKey {
    Secret(hmac::Key),
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

impl VerifyingKey {
    pub(super) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Secret(_) => Algorithm::HS256,
            Self::Rsa { .. } => Algorithm::RS256,
            Self::P256(_) => Algorithm::ES256,
            Self::Ed25519(_) => Algorithm::Ed25519,
        }
    }

    fn holds(&self, signed: &[u8], signature: &[u8]) -> bool {
        let public = |algorithm: &'static dyn signature::VerificationAlgorithm, key: &[u8]| {
            signature::UnparsedPublicKey::new(algorithm, key)
                .verify(signed, signature)
                .is_ok()
        };
        match self {
            Self::Secret(key) => hmac::verify(key, signed, signature).is_ok(),
            // Of 2048 to 8192 bits.
            Self::Rsa { n, e } => signature::RsaPublicKeyComponents { n, e }
                .verify(&signature::RSA_PKCS1_2048_8192_SHA256, signed, signature)
                .is_ok(),
            Self::P256(key) => public(&signature::ECDSA_P256_SHA256_FIXED, key),
            Self::Ed25519(key) => public(&signature::ED25519, key),
        }
    }
}

/// What a token says of itself.
#[derive(Deserialize)]
struct Header {
    alg: Algorithm,
    kid: Option<String>,
    /// Extensions that must be understood: none is.
    crit: Option<Value>,
}

/// A token whose signature has not been judged.
pub(super) struct Unverified<'t> {
    signed: &'t [u8],
    payload: &'t str,
    signature: Vec<u8>,
    pub(super) algorithm: Algorithm,
    pub(super) kid: Option<String>,
}

impl<'t> Unverified<'t> {
    pub(super) fn read(token: &'t str) -> Result<Self, BadToken> {
        if token.len() > LONGEST {
            return Err(BadToken::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(BadToken::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(BadToken::Malformed)?;
        if payload.contains('.') {
            return Err(BadToken::Malformed);
        }
        // An algorithm that is not known is none.
        let header: Header = serde_json::from_slice(&decoded(header)?).map_err(|_| BadToken::Algorithm)?;
        if header.crit.is_some() {
            return Err(BadToken::Algorithm);
        }
        Ok(Self {
            signed: signed.as_bytes(),
            payload,
            signature: decoded(signature)?,
            algorithm: header.alg,
            kid: header.kid,
        })
    }

    /// What it claims, if `key` signed it.
    pub(super) fn verified(&self, key: &VerifyingKey) -> Result<Map<String, Value>, BadToken> {
        if key.algorithm() != self.algorithm {
            return Err(BadToken::Algorithm);
        }
        if !key.holds(self.signed, &self.signature) {
            return Err(BadToken::Signature);
        }
        serde_json::from_slice(&decoded(self.payload)?).map_err(|_| BadToken::Malformed)
    }
}

pub(super) fn decoded(text: &str) -> Result<Vec<u8>, BadToken> {
    BASE64_URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| BadToken::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7515, A.2: signed with RS256.
    const RS256: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    const N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
    /// RFC 7515, A.3: signed with ES256.
    const ES256: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
    /// RFC 7515, A.1: signed with HS256.
    const HS256: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const K: &str = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";

    fn rsa() -> VerifyingKey {
        VerifyingKey::Rsa {
            n: decoded(N).unwrap(),
            e: vec![1, 0, 1],
        }
    }

    fn p256() -> VerifyingKey {
        VerifyingKey::P256([vec![4], decoded(X).unwrap(), decoded(Y).unwrap()].concat())
    }

    fn secret(octets: &[u8]) -> VerifyingKey {
        VerifyingKey::Secret(hmac::Key::new(hmac::HMAC_SHA256, octets))
    }

    #[test]
    fn the_examples_of_the_standard_hold_and_no_other_octet_does() {
        for (token, key) in [
            (RS256, rsa()),
            (ES256, p256()),
            (HS256, secret(&decoded(K).unwrap())),
        ] {
            let claims = Unverified::read(token).unwrap().verified(&key).unwrap();
            assert_eq!(claims["iss"], "joe");
            let mut changed = token.to_owned().into_bytes();
            let at = token.len() - 10;
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            let refused = Unverified::read(&changed).unwrap().verified(&key);
            assert_eq!(refused, Err(BadToken::Signature));
        }
    }

    #[test]
    fn a_token_does_not_choose_how_it_is_judged() {
        // Signed by the public key, as if that were a secret.
        let signed = HS256.rsplit_once('.').unwrap().0;
        let key = hmac::Key::new(hmac::HMAC_SHA256, N.as_bytes());
        let forged = BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes()));
        let forged = format!("{signed}.{forged}");
        let token = Unverified::read(&forged).unwrap();
        assert_eq!(token.verified(&rsa()), Err(BadToken::Algorithm));
        let none = BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        let crit = BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","crit":["b64"],"b64":false}"#);
        for header in [none, crit] {
            let token = format!("{header}.e30.");
            assert_eq!(Unverified::read(&token).map(drop), Err(BadToken::Algorithm));
        }
    }

    #[test]
    fn what_is_no_token_is_malformed() {
        let long = "a".repeat(LONGEST + 1);
        for text in [
            "",
            "a",
            "a.b",
            "a.b.c.d",
            "..",
            "e30.e30.e30=",
            "e3!.e30.e30",
            &long,
        ] {
            let read = Unverified::read(text).map(drop);
            assert!(
                matches!(read, Err(BadToken::Malformed | BadToken::Algorithm)),
                "{text}"
            );
        }
    }
}
