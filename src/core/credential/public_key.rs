//! The public key of a certificate, read as Go's `crypto/x509` reads it.

use num_bigint::BigUint;
use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_NIST_EC_P521, OID_PKCS1_RSAENCRYPTION,
    OID_SIG_ED25519,
};

use super::der::{self, Der};
use super::x509::Defect;

/// `1.2.840.10040.4.1`.
const DSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01];
/// `1.3.132.0.33`.
const P224: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x21];

/// How an uncompressed point begins (SEC 1, 2.3.3).
const UNCOMPRESSED: u8 = 4;

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// RSA: modulus and exponent, big-endian without leading zeros.
    Rsa {
        /// The modulus.
        modulus: Vec<u8>,
        /// The public exponent.
        exponent: Vec<u8>,
    },
    /// An uncompressed point on an elliptic curve.
    Ec {
        /// The curve.
        curve: Curve,
        /// The point.
        point: Vec<u8>,
    },
    /// An Ed25519 key.
    Ed25519(Vec<u8>),
    /// A key that no client authenticates with, or one that can't be read.
    Other,
}

/// A named elliptic curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// NIST P-224.
    P224,
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
    /// NIST P-521.
    P521,
}

impl PublicKey {
    /// Reads the content of a `SubjectPublicKeyInfo`.
    pub(super) fn read(mut info: Der<'_>) -> Result<Self, Defect> {
        let malformed = Defect::Malformed("public key");
        let (oid, parameters) = info.sequence().and_then(|mut content| content.algorithm()).ok_or(malformed)?;
        let key = info.bit_string().ok_or(malformed)?;
        if oid == OID_PKCS1_RSAENCRYPTION.as_bytes() {
            Self::rsa(parameters, &key).ok_or(malformed)
        } else if oid == OID_KEY_TYPE_EC_PUBLIC_KEY.as_bytes() {
            let curve = Curve::of_parameters(parameters)?;
            let is_there = curve.holds(&key);
            is_there.then_some(Self::Ec { curve, point: key }).ok_or(malformed)
        } else if oid == OID_SIG_ED25519.as_bytes() {
            let is_sound = parameters.is_empty() && key.len() == 32;
            is_sound.then_some(Self::Ed25519(key)).ok_or(malformed)
        } else if oid == DSA {
            is_dsa(parameters, &key).then_some(Self::Other).ok_or(malformed)
        } else {
            Ok(Self::Other)
        }
    }

    fn rsa(parameters: &[u8], key: &[u8]) -> Option<Self> {
        let mut numbers = Der(key).sequence()?;
        let modulus = positive(numbers.integer()?)?;
        let exponent = positive(numbers.integer().filter(|exponent| exponent.len() <= 8)?)?;
        (parameters == der::NULL).then(|| Self::Rsa { modulus: modulus.to_vec(), exponent: exponent.to_vec() })
    }

    /// The length of an RSA key's modulus in bits; `None` for other keys.
    pub fn rsa_bits(&self) -> Option<u64> {
        match self {
            Self::Rsa { modulus, .. } => Some(BigUint::from_bytes_be(modulus).bits()),
            _ => None,
        }
    }
}

fn is_dsa(parameters: &[u8], key: &[u8]) -> bool {
    let is_positive = |der: &mut Der<'_>| der.integer().and_then(positive).is_some();
    let Some(mut parameters) = Der(parameters).sequence() else { return false };
    is_positive(&mut Der(key)) && (0..3).all(|_| is_positive(&mut parameters))
}

/// The magnitude of a positive INTEGER.
pub(super) fn positive(integer: &[u8]) -> Option<&[u8]> {
    let magnitude = without_leading_zeros(integer);
    (!der::is_negative(integer) && !magnitude.is_empty()).then_some(magnitude)
}

impl Curve {
    fn of_parameters(parameters: &[u8]) -> Result<Self, Defect> {
        let mut parameters = Der(parameters);
        if parameters.begins_with(der::SEQUENCE) {
            return Err(Defect::ExplicitCurve);
        }
        let oid = parameters.object_identifier().ok_or(Defect::Malformed("public key"))?;
        Self::from_oid(oid).ok_or(Defect::UnknownCurve)
    }

    /// The curve that the content of an OBJECT IDENTIFIER names.
    pub(super) fn from_oid(oid: &[u8]) -> Option<Self> {
        if oid == OID_EC_P256.as_bytes() {
            Some(Self::P256)
        } else if oid == OID_NIST_EC_P384.as_bytes() {
            Some(Self::P384)
        } else if oid == OID_NIST_EC_P521.as_bytes() {
            Some(Self::P521)
        } else if oid == P224 {
            Some(Self::P224)
        } else {
            None
        }
    }

    /// Whether this is an uncompressed point on the curve.
    fn holds(self, point: &[u8]) -> bool {
        let length = self.scalar_length();
        let (Some((&UNCOMPRESSED, coordinates)), true) = (point.split_first(), point.len() == 1 + 2 * length) else {
            return false;
        };
        let (x, y) = coordinates.split_at(length);
        let (x, y) = (BigUint::from_bytes_be(x), BigUint::from_bytes_be(y));
        let (prime, b) = self.equation();
        // y² = x³ - 3x + b
        let right = (&x * &x * &x + (&prime - BigUint::from(3_u8)) * &x + b) % &prime;
        x < prime && y < prime && (&y * &y) % &prime == right
    }

    /// Whether a private value belongs to this point of the curve.
    pub(super) fn has_pair(self, scalar: &[u8], point: &[u8]) -> bool {
        let (Some((_, coordinates)), Some(base)) = (point.split_first(), self.base_point()) else { return false };
        let (x, y) = coordinates.split_at(coordinates.len() / 2);
        let scalar = BigUint::from_bytes_be(scalar);
        let (prime, _) = self.equation();
        let product = Jacobian::multiply(&base, &scalar, &prime);
        let is_there = product.is_at(&BigUint::from_bytes_be(x), &BigUint::from_bytes_be(y), &prime);
        scalar != BigUint::ZERO && scalar < base.order && is_there
    }

    /// For the curve that the TLS library doesn't know and API servers do.
    /// Source: <https://doi.org/10.6028/NIST.SP.800-186> (3.2.1.5)
    fn base_point(self) -> Option<BasePoint> {
        let number = |digits: &str| BigUint::parse_bytes(digits.as_bytes(), 16);
        (self == Self::P521).then_some(())?;
        Some(BasePoint {
            x: number(
                "c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348\
                 b3c1856a429bf97e7e31c2e5bd66",
            )?,
            y: number(
                "11839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353\
                 c7086a272c24088be94769fd16650",
            )?,
            order: number(
                "1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03\
                 bb5c9b8899c47aebb6fb71e91386409",
            )?,
        })
    }

    /// The length of a private value in bytes, which is the length of a coordinate as well.
    pub(super) fn scalar_length(self) -> usize {
        match self {
            Self::P224 => 28,
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    /// The prime of the field, and the last term of the equation.
    /// Source: <https://doi.org/10.6028/NIST.SP.800-186> (3.2.1)
    fn equation(self) -> (BigUint, BigUint) {
        let power = |exponent: u32| BigUint::from(1_u8) << exponent;
        let one = BigUint::from(1_u8);
        let (prime, b) = match self {
            Self::P224 => (power(224) - power(96) + one, "b4050a850c04b3abf54132565044b0b7d7bfd8ba270b39432355ffb4"),
            Self::P256 => (
                power(256) - power(224) + power(192) + power(96) - one,
                "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
            ),
            Self::P384 => (
                power(384) - power(128) - power(96) + power(32) - one,
                "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
            ),
            Self::P521 => (
                power(521) - one,
                "51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf07\
                 3573df883d2c34f1ef451fd46b503f00",
            ),
        };
        (prime, BigUint::parse_bytes(b.as_bytes(), 16).unwrap_or_default())
    }
}

struct BasePoint {
    x: BigUint,
    y: BigUint,
    order: BigUint,
}

/// A point (X/Z², Y/Z³) of a curve with a = -3. It is for checking a key that is at hand, and takes its time by that key.
/// Source: <https://hyperelliptic.org/EFD/g1p/auto-shortw-jacobian-3.html> (dbl-2001-b, madd)
struct Jacobian {
    x: BigUint,
    y: BigUint,
    z: BigUint,
}

impl Jacobian {
    fn multiply(base: &BasePoint, scalar: &BigUint, prime: &BigUint) -> Self {
        let mut product = Self { x: base.x.clone(), y: base.y.clone(), z: BigUint::from(1_u8) };
        for bit in (0..scalar.bits().saturating_sub(1)).rev() {
            product = product.doubled(prime);
            if scalar.bit(bit) {
                product = product.plus(base, prime);
            }
        }
        product
    }

    fn doubled(&self, prime: &BigUint) -> Self {
        let minus = |a: &BigUint, b: &BigUint| (a + prime - b % prime) % prime;
        let (delta, gamma) = (&self.z * &self.z % prime, &self.y * &self.y % prime);
        let beta = &self.x * &gamma % prime;
        let alpha = minus(&self.x, &delta) * (&self.x + &delta) * 3_u8 % prime;
        let x = minus(&(&alpha * &alpha), &(&beta * 8_u8));
        let z = &self.y * &self.z * 2_u8 % prime;
        let y = minus(&(&alpha * minus(&(&beta * 4_u8), &x)), &(&gamma * &gamma * 8_u8));
        Self { x, y, z }
    }

    fn plus(&self, base: &BasePoint, prime: &BigUint) -> Self {
        let minus = |a: &BigUint, b: &BigUint| (a + prime - b % prime) % prime;
        let z2 = &self.z * &self.z % prime;
        let h = minus(&(&base.x * &z2), &self.x);
        let r = minus(&(&base.y * &z2 * &self.z), &self.y);
        let (h2, z) = (&h * &h % prime, &self.z * &h % prime);
        let (h3, v) = (&h2 * &h % prime, &self.x * &h2 % prime);
        let x = minus(&(&r * &r), &(&h3 + &v * 2_u8));
        let y = minus(&(&r * minus(&v, &x)), &(&self.y * &h3));
        Self { x, y, z }
    }

    fn is_at(&self, x: &BigUint, y: &BigUint, prime: &BigUint) -> bool {
        let z2 = &self.z * &self.z % prime;
        self.z != BigUint::ZERO && x * &z2 % prime == self.x && y * &z2 * &self.z % prime == self.y
    }
}

pub(super) fn without_leading_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_point_of_each_curve_lies_on_it_and_its_neighbours_do_not() {
        // Source: SP 800-186, 3.2.1.
        for (curve, x, y) in [
            (
                Curve::P224,
                "b70e0cbd6bb4bf7f321390b94a03c1d356c21122343280d6115c1d21",
                "bd376388b5f723fb4c22dfe6cd4375a05a07476444d5819985007e34",
            ),
            (
                Curve::P256,
                "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
                "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
            ),
            (
                Curve::P384,
                "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
                "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
            ),
            (
                Curve::P521,
                "00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de33\
                 48b3c1856a429bf97e7e31c2e5bd66",
                "011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761\
                 353c7086a272c24088be94769fd16650",
            ),
        ] {
            let length = curve.scalar_length();
            let coordinate = |digits: &str| {
                let bytes = BigUint::parse_bytes(digits.as_bytes(), 16).unwrap().to_bytes_be();
                [vec![0; length - bytes.len()], bytes].concat()
            };
            let mut point = [vec![UNCOMPRESSED], coordinate(x), coordinate(y)].concat();
            assert!(curve.holds(&point), "{curve:?}");
            assert!(!curve.holds(&point[..point.len() - 1]), "{curve:?}");
            *point.last_mut().unwrap() ^= 1;
            assert!(!curve.holds(&point), "{curve:?}");
        }
    }
}
