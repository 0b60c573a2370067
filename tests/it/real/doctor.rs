//! The doctor on a real cluster with the lab's manifests, which `KUBECONFIG` names: that the Roles of the table suffice.

use edot_tui::config::{Env, Given, Origin, resolve};
use edot_tui::doctor::check::{Outcome, exit_code};
use edot_tui::doctor::examine;
use edot_tui::doctor::permissions::roles;
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use kube::api::{Api, DeleteParams, PostParams};
use serde_json::json;

#[tokio::test]
#[ignore = "needs a real cluster with the lab"]
async fn the_roles_of_the_table_are_enough() {
    let client = kube::Client::try_default().await.expect("KUBECONFIG must name a cluster");
    let roles: Vec<Role> = serde_saphyr::from_multiple(&roles("observability-lab", "demo-app")).unwrap();
    assert_eq!(roles.len(), 2);
    for role in &roles {
        let namespace = role.metadata.namespace.clone().unwrap();
        let api: Api<Role> = Api::namespaced(client.clone(), &namespace);
        api.create(&PostParams::default(), role).await.expect("a Role edot-tui is left from an earlier run: delete it");
        let binding: RoleBinding = serde_json::from_value(json!({"metadata": {"name": "edot-tui"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "edot-tui"},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "edot-tui-test"}]}))
        .unwrap();
        let api: Api<RoleBinding> = Api::namespaced(client.clone(), &namespace);
        api.create(&PostParams::default(), &binding).await.unwrap();
    }
    // Whether there is an Elasticsearch to look at is not what this is about.
    let given = [("as", "edot-tui-test"), ("no-es", "true")];
    let given = given.map(|(key, value)| Given { key, value: value.into(), origin: Origin::Flag });
    let settings = resolve(given.into(), None, &Env::new()).unwrap();
    let checks = examine(&settings, &Env::new(), false).await;
    for namespace in ["observability-lab", "demo-app"] {
        let gone = DeleteParams::default();
        Api::<RoleBinding>::namespaced(client.clone(), namespace).delete("edot-tui", &gone).await.unwrap();
        Api::<Role>::namespaced(client.clone(), namespace).delete("edot-tui", &gone).await.unwrap();
    }
    let odd: Vec<_> = checks.iter().filter(|c| c.result == Outcome::Fail || c.result == Outcome::Skip).collect();
    assert_eq!(
        odd.iter().map(|c| c.id).collect::<Vec<_>>(),
        ["load", "elasticsearch"],
        "only the namespace itself may not be looked up, and Elasticsearch is switched off: {odd:#?}"
    );
    assert_eq!(exit_code(&checks), 0);
}
