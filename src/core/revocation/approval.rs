//! The approval of a second person: an SSH signature over the hash of one plan.
//!
//! Whether a signature is good is for `ssh-keygen` to say. Here is what is signed, who approved, and when that is the operator.

use super::plan::{Flags, Plan, Step, StepKind};
use super::refusal::{Refusal, RefusalCode};

mod allowed_signers;
mod signature;

pub use allowed_signers::{Listing, keys_in, listings};
pub use signature::{PublicKey, SshSignature};

/// What the signature must be for: `-n` of `ssh-keygen -Y sign`. A signature for anything else approves nothing.
pub const NAMESPACE: &str = "revocation@kubectl-ackcred";

/// Who approved a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The name of the key's owner in the file of allowed signers.
    pub principal: String,
    /// The key's fingerprint, as `ssh-keygen -l` shows it: `SHA256:` and base64.
    pub key: String,
    /// The namespace of the signature.
    pub namespace: String,
    /// The hash of the plan that was approved, in hexadecimal digits.
    pub hash: String,
    /// The signature itself, in its armor: it can be checked again.
    pub signature: String,
}

impl Approval {
    /// Who approved, in one line.
    pub fn describe(&self) -> String {
        format!("{} with key {}", self.principal, self.key)
    }
}

/// The text that is signed: one line.
pub fn signed_text(hash: &str) -> String {
    format!("sha256:{hash}\n")
}

/// What the approver runs. `file` is the word of a shell for the file of the signature.
pub fn signing_command(hash: &str, file: &str) -> String {
    format!("echo sha256:{hash} | ssh-keygen -Y sign -n {NAMESPACE} -f KEY > {file}")
}

/// Which of the operator's own names a principal is; `None`: it is another's, as far as names show it. An address is also known by
/// what stands before its `@`, unless both are addresses.
pub fn own_name<'n>(principal: &str, own: &'n [String]) -> Option<&'n str> {
    let is_principal = |name: &&String| {
        let same = |one: &str, other: &str| !one.is_empty() && one.eq_ignore_ascii_case(other);
        same(principal, name) || same(local_part(principal), name) || same(principal, local_part(name))
    };
    own.iter().find(is_principal).map(String::as_str)
}

fn local_part(name: &str) -> &str {
    name.split_once('@').map_or(name, |(local, _)| local)
}

/// Why an operation that was approved can't be gone on with under its approval: its plan was approved, and no more than that.
pub fn exceeds(approved: &Plan, flags: &Flags, steps: &[Step]) -> Option<Refusal> {
    let what = match steps.iter().find(|step| !approved.steps.iter().any(|known| is_part_of(step, known))) {
        _ if approved.flags != *flags => "these flags are".to_owned(),
        Some(step) => format!("step {} of what is left is", step.id),
        None => return None,
    };
    let message = format!("{what} not part of the plan that was approved, {}", approved.short_hash());
    let hint = "revoke what is left by a new operation, with an approval of its plan: kubectl ackcred revoke UID";
    Some(Refusal::new(RefusalCode::NotApproved, message).hint(hint))
}

/// Whether a step takes only what another takes, from the same identities. The versions differ: a part was done since.
fn is_part_of(step: &Step, known: &Step) -> bool {
    let is_known = |what: bool| what && step.cluster_id == known.cluster_id;
    match (&step.kind, &known.kind) {
        (StepKind::Binding(now), StepKind::Binding(then)) => is_known(
            now.binding == then.binding
                && now.uid == then.uid
                && now.subjects.iter().all(|subject| then.subjects.contains(subject)),
        ),
        (StepKind::StaticToken(now), StepKind::StaticToken(then)) => is_known(now.secret == then.secret),
        (StepKind::Kubeconfig(now), StepKind::Kubeconfig(then)) | (StepKind::Rotate(now), StepKind::Rotate(then)) => {
            is_known(now == then)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::{BindingAction, BindingStep, TokenStep};
    use super::super::static_tokens::SecretRef;
    use super::*;
    use crate::core::ids::Uid;
    use crate::core::rbac::binding::BindingKind;
    use crate::core::rbac::binding_object::BindingRef;
    use crate::core::rbac::others::Others;

    #[test]
    fn the_signed_text_and_the_command_that_signs_it_are_one_line_each() {
        assert_eq!(signed_text("ab12"), "sha256:ab12\n");
        let command = signing_command("ab12", "plan.sig");
        assert_eq!(command, "echo sha256:ab12 | ssh-keygen -Y sign -n revocation@kubectl-ackcred -f KEY > plan.sig");
    }

    #[test]
    fn the_operator_is_known_by_each_of_their_names() {
        let own = ["200000000000000101-1690000000", "200000000000000101", "Ann", "ann@corp.example"].map(str::to_owned);
        for principal in
            ["ann", "ANN@elsewhere.example", "ann@corp.example", "200000000000000101", "200000000000000101@ack"]
        {
            assert!(own_name(principal, &own).is_some(), "{principal}");
        }
        for principal in ["bo", "bo@corp.example", "anne", "20000000000000010", "@corp.example", ""] {
            assert_eq!(own_name(principal, &own), None, "{principal}");
        }
        // Two addresses that differ are two people.
        assert_eq!(own_name("bo@a.example", &["bo@b.example".to_owned()]), None);
        assert_eq!(own_name("bo", &["bo@b.example".to_owned()]), Some("bo@b.example"));
    }

    fn step(id: u32, uid: &str, subjects: &[&str]) -> Step {
        let binding =
            BindingRef { kind: BindingKind::RoleBinding, namespace: Some("shop".into()), name: "team".into() };
        let step = BindingStep {
            action: BindingAction::RemoveSubjects,
            binding,
            uid: uid.into(),
            resource_version: "7".into(),
            identities: vec![Uid::parse("200").unwrap()],
            subjects: subjects.iter().map(|one| (*one).to_owned()).collect(),
            shared_with: Others::default(),
            shared_with_sha256: None,
            managed_by: Vec::new(),
        };
        Step { id, cluster_id: None, kind: StepKind::Binding(Box::new(step)), undo: String::new() }
    }

    fn token(name: &str) -> Step {
        let token = TokenStep {
            secret: SecretRef { namespace: "shop".into(), name: name.into() },
            resource_version: "7".into(),
            identities: vec![Uid::parse("200").unwrap()],
        };
        Step { kind: StepKind::StaticToken(Box::new(token)), ..step(3, "u", &[]) }
    }

    #[test]
    fn what_is_left_is_approved_and_nothing_beyond_it() {
        let cloud = Step { id: 2, kind: StepKind::Kubeconfig(Uid::parse("200").unwrap()), ..step(2, "u", &[]) };
        let mut approved = Plan::new(Vec::new(), Flags::default(), Vec::new());
        approved.steps = vec![step(1, "u", &["User/200", "User/200-1"]), cloud.clone(), token("robot")];
        let later = |steps: &[Step]| exceeds(&approved, &Flags::default(), steps).map(|refusal| refusal.code);
        let part = Step { id: 1, ..step(1, "u", &["User/200-1"]) };
        assert_eq!(later(&[part, cloud.clone(), token("robot")]), None);
        assert_eq!(later(&[]), None);
        let elsewhere = Step { cluster_id: crate::core::ids::ClusterId::parse(&format!("c{:032x}", 7)), ..cloud };
        let others = [
            step(1, "u", &["User/200", "User/300"]),
            step(1, "made anew", &["User/200"]),
            token("other"),
            Step { kind: StepKind::Kubeconfig(Uid::parse("300").unwrap()), ..step(2, "u", &[]) },
            elsewhere,
        ];
        for other in others {
            assert_eq!(later(std::slice::from_ref(&other)), Some(RefusalCode::NotApproved), "{other:?}");
        }
        let forced = Flags { force: true, ..Flags::default() };
        let refusal = exceeds(&approved, &forced, &[]).unwrap();
        assert!(refusal.message.starts_with("these flags are not part of the plan that was approved"), "{refusal}");
    }
}
