//! What manages a binding and will put back what is removed from it.
//!
//! Tools leave marks on what they apply. A strong mark is the tool's own; a weak one others leave as well.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ManagedFieldsEntry;
use serde::{Deserialize, Serialize};

use super::binding::RBAC_GROUP;
use super::binding_object::BindingObject;

/// A tool or team that manages a binding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manager {
    /// Who: `Flux Kustomization flux-system/rbac`.
    pub name: String,
    /// What that means and what to do, in one sentence.
    pub text: String,
    /// Whether the mark is the tool's own; what rests on another's is said with a `perhaps`.
    pub certain: bool,
    /// Whether it puts the subject back by itself, within a minute or so; others do when a person uses them next.
    pub reconciles: bool,
}

impl Manager {
    fn certain(name: String, means: &str) -> Self {
        Self { text: format!("managed by {name}: {means}"), name, certain: true, reconciles: false }
    }

    fn reconciling(name: String, means: &str) -> Self {
        Self { reconciles: true, ..Self::certain(name, means) }
    }

    fn perhaps(name: String, means: &str) -> Self {
        Self { text: format!("perhaps managed by {name}: {means}"), certain: false, ..Self::certain(name, means) }
    }
}

const TRACKING_ID: &str = "argocd.argoproj.io/tracking-id";
const REMOVE_IN_GIT: &str = "it will put this subject back; remove it in Git first";
const REMOVE_IN_MANIFESTS: &str = "its next apply will put this subject back; remove it in what is applied first";

/// Names with which tools that have a mark of their own apply: what that mark's manager is called, and whether it reconciles by itself.
///
/// Sources: `ArgoCDSSAManager` in <https://github.com/argoproj/argo-cd/blob/master/common/common.go>,
/// <https://github.com/fluxcd/kustomize-controller/blob/main/main.go>,
/// <https://github.com/fluxcd/helm-controller/blob/main/main.go>, <https://github.com/helm/helm/blob/main/pkg/kube/client.go>.
const APPLIED_BY: [(&str, &str, bool); 5] = [
    ("argocd-controller", "Argo CD ", true),
    ("kustomize-controller", "Flux Kustomization ", true),
    ("helm-controller", "Flux HelmRelease ", true),
    ("helm", "Helm release ", false),
    ("kubectl", "ApplySet ", false),
];

/// Who will put back a subject that is taken out of this binding, by the marks on it. Only where there is no strong mark the
/// weak ones are shown.
pub fn managers(object: &BindingObject) -> Vec<Manager> {
    let marks = Marks::of(object);
    let own = [marks.argo_cd(), marks.flux_kustomization(), marks.helm(), marks.apply_set(), marks.addon_manager()];
    let mut found: Vec<Manager> = own.into_iter().flatten().chain(controllers(object)).collect();
    for applier in appliers(object) {
        let known = APPLIED_BY.iter().find(|(name, ..)| *name == applier);
        if !known.is_some_and(|(_, mark, _)| found.iter().any(|one| one.name.starts_with(mark))) {
            let manager = Manager::certain(format!("server-side apply by {applier}"), REMOVE_IN_MANIFESTS);
            found.push(Manager { reconciles: known.is_some_and(|(.., reconciles)| *reconciles), ..manager });
        }
    }
    if found.is_empty() {
        found.extend(marks.weak());
    }
    found
}

/// Who puts a subject back into this binding by itself, by a mark that is its own: it can be waited for.
pub fn reconciler(object: &BindingObject) -> Option<Manager> {
    managers(object).into_iter().find(|manager| manager.certain && manager.reconciles)
}

/// The field manager that was the last to write the subjects, as the API server noted it.
/// Source: <https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management>
pub fn field_manager_of_subjects(object: &BindingObject) -> Option<String> {
    last_writer(object)?.manager.clone().filter(|manager| !manager.is_empty())
}

/// Who wrote the subjects last, and when, as the API server noted it; a binding of which it noted no writer is as old as it was created.
pub fn last_write_of_subjects(object: &BindingObject) -> SubjectsWrite {
    let created = object.metadata.creation_timestamp.as_ref().map(|time| time.0);
    SubjectsWrite { manager: field_manager_of_subjects(object), at: subjects_written(object).or(created) }
}

/// The last time that the subjects of a binding were written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubjectsWrite {
    /// The field manager; `None` where the API server noted none.
    pub manager: Option<String>,
    /// When, by the API server's clock.
    pub at: Option<Timestamp>,
}

fn last_writer(object: &BindingObject) -> Option<&ManagedFieldsEntry> {
    writers(object).max_by_key(|entry| entry.time.as_ref().map(|time| time.0))
}

/// When the subjects were written last, as the API server noted it.
pub fn subjects_written(object: &BindingObject) -> Option<Timestamp> {
    last_writer(object)?.time.as_ref().map(|time| time.0)
}

/// Labels and annotations.
struct Marks<'a> {
    object: &'a BindingObject,
    labels: Option<&'a BTreeMap<String, String>>,
    annotations: Option<&'a BTreeMap<String, String>>,
}

impl<'a> Marks<'a> {
    fn of(object: &'a BindingObject) -> Self {
        let (labels, annotations) = (object.metadata.labels.as_ref(), object.metadata.annotations.as_ref());
        Self { object, labels, annotations }
    }

    fn label(&self, key: &str) -> Option<&'a str> {
        given(self.labels, key)
    }

    fn annotation(&self, key: &str) -> Option<&'a str> {
        given(self.annotations, key)
    }

    /// Argo CD writes the annotation by default, and a label of a configured key if it is configured so.
    /// Source: <https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/>
    fn argo_cd(&self) -> Option<Manager> {
        let application = |name: &str| {
            // An Application outside Argo CD's own namespace is written as namespace_name.
            Manager::reconciling(format!("Argo CD Application {}", name.replacen('_', "/", 1)), REMOVE_IN_GIT)
        };
        self.tracked_application().or_else(|| self.label("argocd.argoproj.io/instance")).map(application)
    }

    /// The Application in `application:group/kind:namespace/name`, if the rest is about this object: of one that was copied with
    /// its annotations Argo CD takes no notice. The namespace of a ClusterRoleBinding is that of the Application's destination.
    /// Source: <https://github.com/argoproj/argo-cd/blob/master/util/argo/resource_tracking.go>
    fn tracked_application(&self) -> Option<&'a str> {
        let (application, rest) = self.annotation(TRACKING_ID)?.split_once(':')?;
        let (group_and_kind, place) = rest.split_once(':')?;
        let (namespace, name) = place.split_once('/')?;
        let this = self.object.reference();
        let is_this = group_and_kind == format!("{RBAC_GROUP}/{}", this.kind)
            && name == this.name
            && this.namespace.is_none_or(|own| own == namespace);
        (is_this && !application.is_empty()).then_some(application)
    }

    /// Source: <https://fluxcd.io/flux/components/kustomize/kustomizations/> and `SetOwnerLabels` in
    /// <https://github.com/fluxcd/pkg/blob/main/ssa/manager.go>
    fn flux_kustomization(&self) -> Option<Manager> {
        let place = self.place("kustomize.toolkit.fluxcd.io/namespace", "kustomize.toolkit.fluxcd.io/name")?;
        Some(Manager::reconciling(format!("Flux Kustomization {place}"), REMOVE_IN_GIT))
    }

    /// A release of Flux's bears Helm's marks as well.
    ///
    /// Source: <https://github.com/fluxcd/helm-controller/blob/main/internal/postrender/origin_labels.go> and
    /// <https://github.com/helm/helm/blob/main/pkg/action/validate.go>
    fn helm(&self) -> Option<Manager> {
        if let Some(place) = self.place("helm.toolkit.fluxcd.io/namespace", "helm.toolkit.fluxcd.io/name") {
            return Some(Manager::reconciling(format!("Flux HelmRelease {place}"), REMOVE_IN_GIT));
        }
        let name = self.annotation("meta.helm.sh/release-name")?;
        let namespace = self.annotation("meta.helm.sh/release-namespace")?;
        (self.label("app.kubernetes.io/managed-by")? == "Helm").then(|| {
            let means = "its next upgrade will put this subject back; remove it in the chart or its values first";
            Manager::certain(format!("Helm release {namespace}/{name}"), means)
        })
    }

    /// Source: <https://kubernetes.io/docs/reference/labels-annotations-taints/#applyset-kubernetes-io-part-of>
    fn apply_set(&self) -> Option<Manager> {
        let id = self.label("applyset.kubernetes.io/part-of")?;
        Some(Manager::certain(format!("ApplySet {id}"), REMOVE_IN_MANIFESTS))
    }

    /// Source: <https://github.com/kubernetes/kubernetes/blob/master/cluster/addons/addon-manager/README.md>
    fn addon_manager(&self) -> Option<Manager> {
        (self.label("addonmanager.kubernetes.io/mode")? == "Reconcile").then(|| {
            let means = "it will put this subject back; remove it in the control plane's addons first";
            Manager::reconciling("the addon manager".to_owned(), means)
        })
    }

    /// What Argo CD may track by, and so do charts label what no Argo CD knows; and what was once applied from a file.
    ///
    /// Source: <https://kubernetes.io/docs/reference/labels-annotations-taints/#app-kubernetes-io-instance> and
    /// <https://kubernetes.io/docs/reference/labels-annotations-taints/#kubectl-kubernetes-io-last-applied-configuration>
    fn weak(&self) -> impl Iterator<Item = Manager> {
        let means = "it may put this subject back; look whether it still names it";
        let copied = self.annotation(TRACKING_ID).map(|tracking| {
            Manager::perhaps(format!("Argo CD ({TRACKING_ID} is of another object: {})", shortened(tracking)), means)
        });
        let instance = self.label("app.kubernetes.io/instance").map(|instance| {
            Manager::perhaps(format!("the deployer of {instance} (app.kubernetes.io/instance)"), means)
        });
        let applied = self.annotation("kubectl.kubernetes.io/last-applied-configuration").map(|_| {
            let means = "the next apply of the same file puts this subject back; remove it there first";
            Manager::perhaps("kubectl apply".to_owned(), means)
        });
        copied.into_iter().chain(instance).chain(applied)
    }

    fn place(&self, namespace: &str, name: &str) -> Option<String> {
        Some(format!("{}/{}", self.label(namespace)?, self.label(name)?))
    }
}

/// Annotations may be long.
fn shortened(text: &str) -> String {
    text.chars().take(200).collect()
}

fn given<'a>(texts: Option<&'a BTreeMap<String, String>>, key: &str) -> Option<&'a str> {
    texts?.get(key).map(String::as_str).filter(|text| !text.is_empty())
}

/// Source: <https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/>
fn controllers(object: &BindingObject) -> impl Iterator<Item = Manager> {
    let owners = object.metadata.owner_references.iter().flatten();
    owners.filter(|owner| owner.controller == Some(true)).map(|owner| {
        let name = format!("{} {}, its controller", owner.kind, owner.name);
        Manager::reconciling(name, "it will put this subject back; change that object first")
    })
}

/// Who applies the subjects server-side.
fn appliers(object: &BindingObject) -> impl Iterator<Item = &str> {
    let applied = writers(object).filter(|entry| entry.operation.as_deref() == Some("Apply"));
    applied.filter_map(|entry| entry.manager.as_deref()).filter(|manager| !manager.is_empty())
}

/// The entries of all who wrote the subjects as they are.
fn writers(object: &BindingObject) -> impl Iterator<Item = &ManagedFieldsEntry> {
    object
        .metadata
        .managed_fields
        .iter()
        .flatten()
        .filter(|entry| entry.fields_v1.as_ref().is_some_and(|fields| fields.0.get("f:subjects").is_some()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn binding(metadata: Value) -> BindingObject {
        let mut object = json!({
            "kind": "RoleBinding", "roleRef": {"apiGroup": RBAC_GROUP, "kind": "ClusterRole", "name": "dev"},
            "metadata": {"name": "team", "namespace": "shop"}, "subjects": [],
        });
        object["metadata"].as_object_mut().unwrap().extend(metadata.as_object().unwrap().clone());
        serde_json::from_value(object).unwrap()
    }

    fn texts(metadata: Value) -> Vec<(String, bool)> {
        managers(&binding(metadata)).into_iter().map(|manager| (manager.text, manager.certain)).collect()
    }

    fn wrote(manager: &str, operation: &str, time: &str, fields: Value) -> Value {
        json!({"manager": manager, "operation": operation, "apiVersion": "rbac.authorization.k8s.io/v1", "time": time,
               "fieldsType": "FieldsV1", "fieldsV1": fields})
    }

    const MARKS: [(&str, &str, &str, &str); 5] = [
        (
            "annotations",
            "argocd.argoproj.io/tracking-id",
            "rbac:rbac.authorization.k8s.io/RoleBinding:shop/team",
            "managed by Argo CD Application rbac: it will put this subject back; remove it in Git first",
        ),
        (
            "annotations",
            "argocd.argoproj.io/tracking-id",
            "apps_rbac:rbac.authorization.k8s.io/RoleBinding:shop/team",
            "managed by Argo CD Application apps/rbac: it will put this subject back; remove it in Git first",
        ),
        (
            "labels",
            "argocd.argoproj.io/instance",
            "rbac",
            "managed by Argo CD Application rbac: it will put this subject back; remove it in Git first",
        ),
        (
            "labels",
            "applyset.kubernetes.io/part-of",
            "applyset-x-v1",
            "managed by ApplySet applyset-x-v1: its next apply will put this subject back; remove it in what is applied first",
        ),
        (
            "labels",
            "addonmanager.kubernetes.io/mode",
            "Reconcile",
            "managed by the addon manager: it will put this subject back; remove it in the control plane's addons first",
        ),
    ];

    #[test]
    fn a_tools_own_mark_is_certain() {
        for (place, key, value, text) in MARKS {
            assert_eq!(texts(json!({place: {key: value}})), [(text.to_owned(), true)]);
            assert!(texts(json!({place: {key: ""}})).is_empty(), "{key}");
        }
    }

    #[test]
    fn flux_and_helm_need_all_of_their_marks() {
        let kustomization =
            json!({"kustomize.toolkit.fluxcd.io/name": "rbac", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"});
        let text =
            "managed by Flux Kustomization flux-system/rbac: it will put this subject back; remove it in Git first";
        assert_eq!(texts(json!({"labels": kustomization})), [(text.to_owned(), true)]);
        assert!(texts(json!({"labels": {"kustomize.toolkit.fluxcd.io/name": "rbac"}})).is_empty());

        let released = json!({"meta.helm.sh/release-name": "team", "meta.helm.sh/release-namespace": "shop"});
        let by_helm = json!({"labels": {"app.kubernetes.io/managed-by": "Helm"}, "annotations": released});
        let text = "managed by Helm release shop/team: its next upgrade will put this subject back; \
            remove it in the chart or its values first";
        assert_eq!(texts(by_helm.clone()), [(text.to_owned(), true)]);
        assert!(texts(json!({"annotations": released})).is_empty());
        assert!(texts(json!({"labels": {"app.kubernetes.io/managed-by": "helm"}, "annotations": released})).is_empty());

        let mut by_flux = by_helm;
        by_flux["labels"]["helm.toolkit.fluxcd.io/name"] = "team".into();
        by_flux["labels"]["helm.toolkit.fluxcd.io/namespace"] = "apps".into();
        let text = "managed by Flux HelmRelease apps/team: it will put this subject back; remove it in Git first";
        assert_eq!(texts(by_flux), [(text.to_owned(), true)], "Helm's own marks are Flux's here");
    }

    #[test]
    fn only_what_runs_by_itself_reconciles() {
        let reconciles = |metadata: Value| reconciler(&binding(metadata)).is_some();
        let namespaced = |tool: &str| json!({"labels": {(format!("{tool}/name")): "rbac", (format!("{tool}/namespace")): "flux-system"}});
        let applied_by = |manager: &str| json!({"managedFields": [wrote(manager, "Apply", "2026-01-01T00:00:00Z", json!({"f:subjects": {}}))]});
        let owner = json!({"apiVersion": "v1", "kind": "Team", "name": "a", "uid": "u", "controller": true});
        for by_itself in [
            json!({"labels": {"argocd.argoproj.io/instance": "rbac"}}),
            namespaced("kustomize.toolkit.fluxcd.io"),
            namespaced("helm.toolkit.fluxcd.io"),
            json!({"labels": {"addonmanager.kubernetes.io/mode": "Reconcile"}}),
            json!({"ownerReferences": [owner]}),
            applied_by("argocd-controller"),
            applied_by("kustomize-controller"),
        ] {
            assert!(reconciles(by_itself.clone()), "{by_itself}");
        }
        let last_applied = json!({"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}});
        let by_helm = json!({
            "labels": {"app.kubernetes.io/managed-by": "Helm"},
            "annotations": {"meta.helm.sh/release-name": "team", "meta.helm.sh/release-namespace": "shop"},
        });
        for by_people in [
            json!({}),
            last_applied,
            by_helm,
            json!({"labels": {"app.kubernetes.io/instance": "team"}}),
            json!({"labels": {"applyset.kubernetes.io/part-of": "applyset-x-v1"}}),
            json!({"annotations": {TRACKING_ID: "rbac:rbac.authorization.k8s.io/RoleBinding:billing/team"}}),
            applied_by("terraform"),
            applied_by("kubectl"),
        ] {
            assert!(!reconciles(by_people.clone()), "{by_people}");
        }
    }

    #[test]
    fn a_copied_tracking_id_is_a_weak_mark() {
        for tracking in [
            "rbac:rbac.authorization.k8s.io/RoleBinding:billing/team",
            "rbac:rbac.authorization.k8s.io/RoleBinding:shop/other",
            "rbac:rbac.authorization.k8s.io/ClusterRoleBinding:shop/team",
            "rbac:apps/Deployment:shop/team",
            "rbac",
            ":rbac.authorization.k8s.io/RoleBinding:shop/team",
        ] {
            let found = texts(json!({"annotations": {TRACKING_ID: tracking}}));
            assert!(
                matches!(&found[..], [(text, false)] if text.starts_with("perhaps managed by Argo CD")),
                "{found:?}"
            );
        }
        let found = texts(json!({"annotations": {TRACKING_ID: "x".repeat(1000)}}));
        let shown = format!("is of another object: {})", "x".repeat(200));
        assert!(found[0].0.contains(&shown), "an annotation may be long: {found:?}");
        let object = json!({
            "kind": "ClusterRoleBinding", "roleRef": {"apiGroup": RBAC_GROUP, "kind": "ClusterRole", "name": "dev"},
            "metadata": {"name": "team", "annotations": {TRACKING_ID: "rbac:rbac.authorization.k8s.io/ClusterRoleBinding:argocd/team"}},
        });
        let found = managers(&serde_json::from_value(object).unwrap());
        assert!(found[0].certain && found[0].name == "Argo CD Application rbac", "{found:?}");
    }

    #[test]
    fn weak_marks_are_reported_where_there_is_no_strong_one() {
        let weak = json!({
            "labels": {"app.kubernetes.io/instance": "team", "addonmanager.kubernetes.io/mode": "EnsureExists"},
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"},
        });
        let found = texts(weak.clone());
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|(text, certain)| text.starts_with("perhaps ") && !certain), "{found:?}");
        let mut both = weak;
        both["labels"]["argocd.argoproj.io/instance"] = "rbac".into();
        assert_eq!(texts(both).len(), 1);
    }

    #[test]
    fn controllers_and_appliers_of_the_subjects_are_reported() {
        let owner = |controller: Value| json!({"apiVersion": "v1", "kind": "Team", "name": "a", "uid": "u", "controller": controller});
        let found = texts(json!({"ownerReferences": [owner(json!(true))]}));
        assert_eq!(
            found[0].0,
            "managed by Team a, its controller: it will put this subject back; change that object first"
        );
        assert!(texts(json!({"ownerReferences": [owner(json!(false)), owner(Value::Null)]})).is_empty());
        let (subjects, labels) = (json!({"f:subjects": {}}), json!({"f:metadata": {"f:labels": {}}}));
        let time = "2026-01-01T00:00:00Z";
        let fields = |entries: Value| json!({"managedFields": entries});
        let found = texts(fields(json!([wrote("terraform", "Apply", time, subjects.clone())])));
        let text = "managed by server-side apply by terraform: its next apply will put this subject back; remove it in what is applied first";
        assert_eq!(found, [(text.to_owned(), true)]);
        for other in [wrote("terraform", "Update", time, subjects.clone()), wrote("terraform", "Apply", time, labels)] {
            assert!(texts(fields(json!([other]))).is_empty());
        }

        let mut flux = fields(json!([
            wrote("kustomize-controller", "Apply", time, subjects.clone()),
            wrote("terraform", "Apply", time, subjects)
        ]));
        assert_eq!(texts(flux.clone()).len(), 2);
        flux["labels"] =
            json!({"kustomize.toolkit.fluxcd.io/name": "rbac", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"});
        let found = texts(flux);
        assert!(
            found.len() == 2 && found[0].0.contains("Flux") && found[1].0.contains("terraform"),
            "once each: {found:?}"
        );
    }

    #[test]
    fn the_last_writer_of_the_subjects_is_reported() {
        let subjects = json!({"f:subjects": {}});
        let entries = json!([
            wrote("second", "Update", "2026-01-02T00:00:00Z", subjects.clone()),
            wrote("first", "Apply", "2026-01-01T00:00:00Z", subjects),
            wrote("other", "Update", "2026-01-03T00:00:00Z", json!({"f:metadata": {}})),
        ]);
        let last = |entries: Value| field_manager_of_subjects(&binding(json!({"managedFields": entries})));
        assert_eq!(last(entries).as_deref(), Some("second"));
        assert_eq!(last(json!([])), None);
        assert_eq!(field_manager_of_subjects(&binding(json!({}))), None);
        let untimed =
            json!([{"manager": "a", "operation": "Update", "fieldsType": "FieldsV1", "fieldsV1": {"f:subjects": {}}}]);
        assert_eq!(last(untimed).as_deref(), Some("a"));
    }
}
