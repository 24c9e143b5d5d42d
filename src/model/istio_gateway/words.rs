//! The enums of an `IstioGateway`. Each carries a word it does not know as `Other`.

use crate::model::open_enum::open_enum;

open_enum! {
    /// Which way traffic flows. ASM's code also knows `cross-network`, which its own CRD refuses: it reads as `Other`.
    GatewayType {
        /// Into the mesh.
        Ingress = "ingress",
        /// Out of the mesh.
        Egress = "egress",
    }
}

open_enum! {
    /// How the Service is reached.
    ServiceType {
        /// From inside the cluster only.
        ClusterIP = "ClusterIP",
        /// On a port of every node.
        NodePort = "NodePort",
        /// Through a load balancer.
        LoadBalancer = "LoadBalancer",
    }
}

open_enum! {
    /// The protocol of a port, as Istio understands it; a Kubernetes Service knows only `TCP`, `UDP` and `SCTP`.
    Protocol {
        /// HTTP/1.1.
        Http = "HTTP",
        /// TLS that carries HTTP.
        Https = "HTTPS",
        /// HTTP/2.
        Http2 = "HTTP2",
        /// gRPC.
        Grpc = "GRPC",
        /// gRPC for browsers.
        GrpcWeb = "GRPC-WEB",
        /// TLS, routed by its server name.
        Tls = "TLS",
        /// Bytes.
        Tcp = "TCP",
        /// Datagrams.
        Udp = "UDP",
        /// MongoDB.
        Mongo = "MONGO",
        /// MySQL.
        Mysql = "MYSQL",
        /// Redis.
        Redis = "REDIS",
    }
}

open_enum! {
    /// Where traffic from outside may be sent on to.
    ExternalTrafficPolicy {
        /// Pods of any node; the client's address is lost.
        Cluster = "Cluster",
        /// Pods of the same node only; the client's address is kept.
        Local = "Local",
    }
}

open_enum! {
    /// How pods resolve names.
    DnsPolicy {
        /// The cluster's DNS.
        ClusterFirst = "ClusterFirst",
        /// The cluster's DNS, for pods on the host network too.
        ClusterFirstWithHostNet = "ClusterFirstWithHostNet",
        /// The node's DNS.
        Default = "Default",
        /// Only what the pod itself says.
        None = "None",
    }
}

open_enum! {
    /// What the keeper says of the gateway. The words are those of MeshGateway, the ancestor of ASM's type:
    /// ASM publishes none (inferred).
    ConfigState {
        /// Seen, nothing done yet.
        Created = "Created",
        /// Being worked on.
        Reconciling = "Reconciling",
        /// Done, and an address is known: what ASM's console calls `Running`.
        Available = "Available",
        /// The last attempt failed; `ErrorMessage` says why.
        ReconcileFailed = "ReconcileFailed",
        /// Left alone.
        Unmanaged = "Unmanaged",
    }
}
