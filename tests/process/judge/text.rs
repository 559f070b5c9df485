//! PEM as programs and people write it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::certificates::{Issuer, Odds};
use super::keys::Key;
use super::random::Random;

/// A certificate bundle and a private key, as files hold them.
pub(crate) struct Pair {
    pub(crate) certificate: Vec<u8>,
    pub(crate) key: Vec<u8>,
}

/// A pair in which once in so many times a part is not as it should be.
pub(crate) fn pair(random: &Random, issuer: &Issuer, keys: &[Key], odds: Odds) -> Pair {
    let odd_once_in = odds.once_in;
    let usual = 4;
    let own = &keys[random.below(if random.once_in(4) { keys.len() } else { usual })];
    let mut blocks = vec![block(random, "CERTIFICATE", &issuer.certificate(random, own, odds), odd_once_in)];
    while random.once_in(4) {
        let other = &keys[random.below(keys.len())];
        let odds = Odds { once_in: odd_once_in * 4, ..odds };
        blocks.push(block(random, "CERTIFICATE", &issuer.certificate(random, other, odds), odds.once_in));
    }
    if random.once_in(odd_once_in) {
        blocks.insert(random.below(blocks.len()), block(random, "CERTIFICATE", b"no certificate", odd_once_in));
    }
    if random.once_in(odd_once_in) {
        blocks.insert(0, random.pick(&["text before\n", "-----BEGIN CERTIFICATE-----\n", "-----END X-----\n"]).into());
    }
    let signing = if random.once_in(odd_once_in * 2) { &keys[random.below(keys.len())] } else { own };
    let labels =
        ["PRIVATE KEY", "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "MY PRIVATE KEY", "ENCRYPTED PRIVATE KEY"];
    let label = random.pick(&labels);
    let mut key = vec![block(random, label, &signing.encoded(random, keys), odd_once_in)];
    if random.once_in(odd_once_in) {
        let other = random.pick(&["EC PARAMETERS", "CERTIFICATE", "PRIVATE KEY", "PUBLIC KEY", "OPENSSH PRIVATE KEY"]);
        key.insert(random.below(2), block(random, other, &keys[0].pkcs8, odd_once_in));
    }
    Pair { certificate: blocks.concat().into_bytes(), key: key.concat().into_bytes() }
}

/// One block, once in so many times in an odd form.
fn block(random: &Random, label: &str, content: &[u8], odd_once_in: usize) -> String {
    let encoded = STANDARD.encode(content);
    let width = if random.once_in(6) { 10_000 } else { 64 };
    let lines = encoded.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap());
    let mut body = lines.collect::<Vec<_>>().join("\n");
    let mut headers = "";
    if random.once_in(odd_once_in * 2) {
        headers = random.pick(&[
            "Key: value\n\n",
            "Key: value\n",
            "Proc-Type: 4,ENCRYPTED\n\n",
            "a:b\nc:\n",
            ":\n",
            "no header\n",
        ]);
    }
    if random.once_in(odd_once_in * 2) {
        let position = random.below(body.len().max(1));
        body.insert_str(
            position,
            random.pick(&[" ", "\t", "\n\n", "\r", "=", "\nKey: value\n", "*", "\n-----END X-----\n"]),
        );
    }
    let (mut begin, mut end, mut last) = ("-----BEGIN ", "-----END ", "\n");
    if random.once_in(odd_once_in * 3) {
        begin = random.pick(&[" -----BEGIN ", "----BEGIN ", "x-----BEGIN ", "-----BEGIN \n-----BEGIN ", "-----BEGIN"]);
    }
    if random.once_in(odd_once_in * 3) {
        end = random.pick(&["-----END  ", "-----END X", " -----END ", "-----END A:B-----\n-----END ", "----END "]);
    }
    if random.once_in(odd_once_in * 3) {
        last = random.pick(&["", "  \n", " x\n", "\r\n", "-\n", "\n\n\n"]);
    }
    let text = format!("{begin}{label}-----\n{headers}{body}\n{end}{label}-----{last}");
    if random.once_in(odd_once_in * 3) { text.replace('\n', random.pick(&["\r\n", "\r", "\n "])) } else { text }
}
