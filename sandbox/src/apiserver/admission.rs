//! Mutating admission, as far as it is needed: a subject that no request takes out of its binding.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use serde_json::Value;

use super::defaults::default_group;
use super::object::{Content, Object, RbacSubject};
use crate::binding::BindingRef;

/// The subjects that are put back, and into which bindings.
#[derive(Debug, Default)]
pub(crate) struct Admission(Mutex<Vec<(BindingRef, RbacSubject)>>);

impl Admission {
    pub(crate) fn keep(&self, binding: &BindingRef, subject: &Value) -> serde_json::Result<()> {
        let mut subject = RbacSubject::deserialize(subject)?;
        default_group(&mut subject);
        self.lock().push((binding.clone(), subject));
        Ok(())
    }

    pub(crate) fn keep_none(&self) {
        self.lock().clear();
    }

    /// Changes an object that is about to replace its predecessor.
    pub(crate) fn admit_update(&self, object: &mut Object) {
        let Content::Binding(binding) = &mut object.content else { return };
        let metadata = &object.metadata;
        for (kept_in, subject) in self.lock().iter() {
            let is_it =
                kept_in.name == metadata.name && kept_in.namespace.as_deref().unwrap_or_default() == metadata.namespace;
            if is_it && !binding.subjects.contains(subject) {
                binding.subjects.push(subject.clone());
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(BindingRef, RbacSubject)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
