//! What a gateway is made of: the block that `spec` holds inline and that `overrides` holds once per cluster.
//!
//! Field names, types and defaults: asm-api.md §1.2–1.4 and §1.6, which give their own sources.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Affinity, EnvVar, Lifecycle, Toleration};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::words::{DnsPolicy, ExternalTrafficPolicy, Protocol, ServiceType};
use crate::model::open_enum::optional_fields;
use crate::model::quantity::ResourceRequirements;

/// Text by key, as labels and annotations are.
pub type Pairs = BTreeMap<String, String>;

optional_fields! {
    /// What a gateway is made of.
    #[serde(rename_all = "camelCase")]
    GatewayConfiguration {
        /// Number of pods while autoscaling is off; 1 when absent.
        replica_count: u32,
        /// Lets a HorizontalPodAutoscaler choose the number of pods; off when absent.
        autoscale_enabled: bool,
        /// Fewest pods the autoscaler may choose.
        min_replicas: u32,
        /// Most pods the autoscaler may choose.
        max_replicas: u32,
        /// CPU use at which the autoscaler adds pods.
        cpu: HpaTarget,
        /// Memory use at which the autoscaler adds pods. With CPU set too, either one is enough.
        memory: HpaTarget,

        /// How the Service is reached.
        service_type: ServiceType,
        /// Which load balancer implementation serves the Service.
        load_balancer_class: String,
        /// Address to ask of the load balancer.
        #[serde(rename = "loadBalancerIP")]
        load_balancer_ip: String,
        /// Where traffic from outside may be sent on to. Only for NodePort and LoadBalancer.
        external_traffic_policy: ExternalTrafficPolicy,
        /// Annotations of the Service.
        service_annotations: Pairs,
        /// Labels of the Service.
        service_labels: Pairs,
        /// Ports of the Service.
        ports: Vec<GatewayPort>,
        /// Further ports of the Service, for workloads outside the cluster.
        mesh_expansion_ports: Vec<GatewayPort>,

        /// Annotations of the pods.
        pod_annotations: Pairs,
        /// Further labels of the pods. `security.istio.io/tlsMode: istio` turns two-way TLS on.
        pod_labels: Pairs,
        /// Legacy sidecar that fetched certificates.
        sds: GatewaySds,
        /// CPU and memory of the proxy.
        resources: ResourceRequirements,
        /// Environment of the proxy.
        env: Vec<EnvVar>,
        /// Labels a node must have to run the pods.
        node_selector: Pairs,
        /// Attraction and repulsion between pods and nodes. Spreading replicas widely is podAntiAffinity in here.
        affinity: Affinity,
        /// Taints of nodes that the pods put up with.
        tolerations: Vec<Toleration>,
        /// Legacy list of ports.
        application_ports: String,
        /// Networks whose endpoints the gateway asks for.
        requested_network_view: String,
        /// Secrets mounted into the proxy.
        secret_volumes: Vec<SecretVolume>,
        /// ConfigMaps mounted into the proxy.
        config_volumes: Vec<ConfigVolume>,

        /// Most pods above the wanted number during an update: a number or a percentage, as text.
        rolling_max_surge: String,
        /// Most pods below the wanted number during an update: a number or a percentage, as text.
        rolling_max_unavailable: String,
        /// Kernel parameters set in the pods.
        kernel: Kernel,
        /// Compression of responses.
        compression: Compression,
        /// Runs the proxy as root, so that it can bind ports below 1024.
        run_as_root: bool,
        /// Hooks at the start and the end of the proxy.
        lifecycle: Lifecycle,
        /// How readiness is judged; absent values are those of Istio's own probe.
        readiness_probe: ReadinessProbe,
        /// Uses the node's network.
        host_network: bool,
        /// How the pods resolve names.
        dns_policy: DnsPolicy,
        /// Also makes a networking.istio.io Gateway for the ports (inferred from the name).
        auto_create_gateway_yaml: bool,
        /// Does not declare the ports on the container (inferred from the name).
        disable_container_port_exposed: bool,
    }
}

optional_fields! {
    /// Use of a resource at which the autoscaler adds pods.
    #[serde(rename_all = "camelCase")]
    HpaTarget {
        /// Average over all pods, in percent of the request.
        target_average_utilization: u32,
    }
}

optional_fields! {
    /// One port of the Service (core/v1 `ServicePort`, with protocols that Istio knows).
    #[serde(rename_all = "camelCase")]
    GatewayPort {
        /// Name, unique among the ports. ASM's console writes protocol and index: http-0.
        name: String,
        /// Port of the Service.
        port: u16,
        /// Port of the pods, by number or name; 0 or absent: the same as port.
        target_port: IntOrString,
        /// Protocol; TCP when absent.
        protocol: Protocol,
        /// Protocol of the application, for those who read Services.
        app_protocol: String,
        /// Port on the nodes, for NodePort and LoadBalancer.
        node_port: u16,
    }
}

impl GatewayPort {
    /// The protocol, `TCP` when absent.
    pub fn protocol(&self) -> Protocol {
        self.protocol.clone().unwrap_or(Protocol::Tcp)
    }

    /// The pods' port with `0` and absent resolved to `port`; `None` when neither is known.
    ///
    /// `targetPort: 0` exists in ASM's own documents (asm-api.md §7.9).
    pub fn target(&self) -> Option<IntOrString> {
        match &self.target_port {
            None | Some(IntOrString::Int(0)) => self.port.map(|port| IntOrString::Int(port.into())),
            Some(target) => Some(target.clone()),
        }
    }
}

optional_fields! {
    /// The legacy sidecar that fetched certificates.
    #[serde(rename_all = "camelCase")]
    GatewaySds {
        /// Whether there is one.
        enabled: bool,
        /// Its image.
        image: String,
        /// Its CPU and memory.
        resources: ResourceRequirements,
    }
}

optional_fields! {
    /// A Secret mounted into the proxy.
    #[serde(rename_all = "camelCase")]
    SecretVolume {
        /// Name of the volume.
        name: String,
        /// Name of the Secret.
        secret_name: String,
        /// Directory in the proxy's container.
        mount_path: String,
    }
}

optional_fields! {
    /// A ConfigMap mounted into the proxy.
    #[serde(rename_all = "camelCase")]
    ConfigVolume {
        /// Name of the volume.
        name: String,
        /// Name of the ConfigMap.
        config_map_name: String,
        /// Directory in the proxy's container.
        mount_path: String,
    }
}

optional_fields! {
    /// Kernel parameters.
    #[serde(rename_all = "camelCase")]
    Kernel {
        /// Whether they are set at all.
        enabled: bool,
        /// Values by kernel name, as text.
        parameters: Pairs,
    }
}

/// The keys that `kernel.parameters` may have, as in ASM's type (asm-api.md §1.3).
pub const KERNEL_PARAMETERS: [&str; 18] = [
    "net.core.somaxconn",
    "net.core.netdev_max_backlog",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_tw_timeout",
    "net.ipv4.tcp_tw_reuse",
    "net.ipv4.tcp_tw_recycle",
    "net.ipv4.tcp_timestamps",
    "net.ipv4.tcp_retries2",
    "net.ipv4.tcp_slow_start_after_idle",
    "net.ipv4.tcp_max_orphans",
    "net.ipv4.tcp_max_syn_backlog",
    "net.ipv4.tcp_no_metrics_save",
    "net.ipv4.tcp_autocorking",
    "kernel.printk",
    "vm.swappiness",
];

optional_fields! {
    /// Compression of responses by the proxy.
    Compression {
        /// Whether responses are compressed.
        enabled: bool,
        /// Smallest response that is compressed, in bytes.
        min_content_length: u32,
        /// Content types that are compressed.
        content_type: Vec<String>,
        /// Leaves responses with an ETag alone.
        disable_on_etag_header: bool,
        /// Takes accept-encoding off the request, so that the server behind does not compress.
        remove_accept_encoding_header: bool,
        /// How gzip works.
        gzip: Gzip,
    }
}

optional_fields! {
    /// How gzip works. Ranges are those of ASM's separate compressor (inferred).
    Gzip {
        /// Memory for speed and ratio, 1 to 9.
        memory_level: u32,
        /// BEST, SPEED or DEFAULT.
        compression_level: String,
        /// Strategy by its name in zlib.
        compression_strategy: String,
        /// Window size as a power of two, 9 to 15.
        window_bits: u32,
        /// Size of the output buffer, in bytes.
        chunk_size: u32,
    }
}

optional_fields! {
    /// How readiness is judged.
    #[serde(rename_all = "camelCase")]
    ReadinessProbe {
        /// Failures in a row until the pod is not ready.
        failure_threshold: u32,
        /// Seconds between two probes.
        period_seconds: u32,
        /// Successes in a row until the pod is ready again.
        success_threshold: u32,
    }
}
