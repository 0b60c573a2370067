//! The lease of the controller manager: when its holder acquired it shows when the HPA controller last started, and a lease that is
//! no longer renewed that it stopped. Read seldom, as a restart stays visible in it; a cluster without it, or where it may not be
//! read, is not asked again.

use crate::observe::{LeaseSeen, Observation};
use crate::source::live::client::{ApiErrorKind, ResourceAttributes, get, read};
use crate::source::live::context::FeedContext;
use crate::source::live::convert;
use crate::source::live::wire::Lease;

const NAMESPACE: &str = "kube-system";
const NAME: &str = "kube-controller-manager";

/// Read the lease until the program ends.
pub async fn run(shared: FeedContext) {
    let attributes = ResourceAttributes {
        verb: "get",
        group: "coordination.k8s.io".into(),
        version: "v1".into(),
        resource: "leases".into(),
        namespace: NAMESPACE.into(),
    };
    let path = format!("/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/{NAME}");
    let mut known: Option<LeaseSeen> = None;
    let mut renewed = None;
    loop {
        match get(&shared, &path, &attributes, shared.timing().request).await {
            Ok(body) => {
                let now = shared.out.clock().now();
                let lease = read::<Lease>(&body).ok();
                let seen = lease.as_ref().and_then(|lease| convert::lease(lease, renewed, now));
                renewed = lease.and_then(|lease| lease.spec.renew_time);
                if let Some(seen) = seen.filter(|seen| known.as_ref() != Some(seen)) {
                    known = Some(seen.clone());
                    shared.out.emit(Observation::Lease(seen)).await;
                }
            }
            Err(fault) if matches!(fault.kind, ApiErrorKind::Denied | ApiErrorKind::Absent) => return,
            Err(_) => {}
        }
        shared.out.clock().sleep(shared.timing().lease).await;
        shared.gate.turn().await;
    }
}
