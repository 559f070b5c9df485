//! RSA private keys: which ones Go loads.

use num_bigint::BigUint;

use super::der::{self, Der};
use super::public_key::{positive, without_leading_zeros};
use crate::core::secret::Secret;

/// The numbers of an RSA private key. No `Debug`: it holds the private value.
pub(super) struct RsaKey {
    modulus: BigUint,
    exponent: BigUint,
    private_exponent: BigUint,
    primes: Vec<BigUint>,
    /// The private exponent for either prime, and the second prime's inverse.
    remainders: Option<[BigUint; 3]>,
}

impl RsaKey {
    /// Reads an `RSAPrivateKey` (RFC 8017, A.1.2); the outer `None` stands for bytes that are none, the inner for one
    /// whose numbers contradict each other.
    pub(super) fn read(bytes: &[u8]) -> Option<Option<Self>> {
        let mut block = Der(bytes);
        let mut content = block.sequence().filter(|_| block.is_empty())?;
        let version = content.small_integer()?;
        let modulus = content.integer()?;
        let exponent = content.small_integer()?;
        let [private_exponent, p, q] = [content.integer()?, content.integer()?, content.integer()?];
        let mut remainders = Vec::new();
        while remainders.len() < 3 && content.begins_with(der::INTEGER) {
            remainders.push(content.integer()?);
        }
        let mut primes = vec![p, q];
        if content.begins_with(der::SEQUENCE) {
            let mut others = content.sequence()?;
            while !others.is_empty() {
                let mut other = others.sequence()?;
                primes.push(other.integer()?);
                // Exponent and coefficient, which Go computes itself.
                other.integer()?;
                other.integer()?;
            }
        }
        let numbers = || {
            let number = |integer: &[u8]| positive(integer).map(BigUint::from_bytes_be);
            let all = |integers: &[&[u8]]| integers.iter().map(|integer| number(integer)).collect::<Option<Vec<_>>>();
            Some(Self {
                modulus: number(modulus)?,
                exponent: BigUint::from(u64::try_from(exponent).ok()?),
                private_exponent: number(private_exponent)?,
                primes: all(&primes)?,
                remainders: all(&remainders)?.try_into().ok(),
            })
        };
        (version <= 1).then(|| numbers().filter(Self::is_consistent))
    }

    /// Source: <https://github.com/golang/go/blob/master/src/crypto/internal/fips140/rsa/rsa.go> (`checkPrivateKey`)
    fn is_consistent(&self) -> bool {
        let one = BigUint::from(1_u8);
        let largest_exponent = BigUint::from(i32::MAX.unsigned_abs());
        let is_odd = |number: &BigUint| number.bit(0);
        if !is_odd(&self.modulus)
            || !is_odd(&self.exponent)
            || self.exponent <= one
            || self.exponent > largest_exponent
            || self.private_exponent >= self.modulus
        {
            return false;
        }
        let [p, q] = &self.primes[..] else { return self.primes.iter().all(|prime| *prime > one) };
        if *p <= one || *q <= one || *p >= self.modulus || *q >= self.modulus || p * q != self.modulus {
            return false;
        }
        let ([p_less, q_less], Some([dp, dq, inverse])) = ([p - &one, q - &one], self.remainders()) else {
            return false;
        };
        let half = self.modulus.bits() / 2;
        let distance = if p > q { p - q } else { q - p };
        p_less > one
            && q_less > one
            && dp == &self.private_exponent % &p_less
            && dq == &self.private_exponent % &q_less
            && &self.exponent * &dp % &p_less == one
            && &self.exponent * &dq % &q_less == one
            && inverse < *p
            && inverse * q % p == one
            && distance.bits() + 100 > half
            && self.private_exponent.bits() > half
    }

    /// The key's own ones, or the ones that it leaves out.
    fn remainders(&self) -> Option<[BigUint; 3]> {
        if let Some(remainders) = &self.remainders {
            return Some(remainders.clone());
        }
        let [p, q] = &self.primes[..] else { return None };
        let one = BigUint::from(1_u8);
        let remainder = |prime: &BigUint| Some(&self.private_exponent % (prime - &one)).filter(|_| *prime > one);
        Some([remainder(p)?, remainder(q)?, q.modinv(p)?])
    }

    /// Whether there are two primes of half the modulus' length.
    pub(super) fn has_two_equal_primes(&self) -> bool {
        let half = self.modulus.bits() / 2;
        self.primes.len() == 2 && self.primes.iter().all(|prime| prime.bits() == half)
    }

    /// Whether this is the private half of a public key.
    pub(super) fn belongs_to(&self, modulus: &[u8], exponent: &[u8]) -> bool {
        self.modulus == BigUint::from_bytes_be(modulus) && self.exponent == BigUint::from_bytes_be(exponent)
    }

    /// The key as an `RSAPrivateKey` with all numbers and nothing else; `None` for more than two primes.
    pub(super) fn to_der(&self) -> Option<Secret<Vec<u8>>> {
        let remainders = self.remainders()?;
        let numbers = [&self.modulus, &self.exponent, &self.private_exponent];
        let numbers = numbers.into_iter().chain(&self.primes).chain(&remainders);
        let content = numbers.fold(der::element(der::INTEGER, &[0]), |mut content, number| {
            let magnitude = number.to_bytes_be();
            let magnitude = without_leading_zeros(&magnitude);
            let sign: &[u8] = if der::is_negative(magnitude) { &[0] } else { &[] };
            content.extend(der::element(der::INTEGER, &[sign, magnitude].concat()));
            content
        });
        Some(Secret::new(der::element(der::SEQUENCE, &content)))
    }
}
