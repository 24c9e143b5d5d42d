//! Addresses that a cluster gives: cluster IPs, node ports, pod IPs, addresses of load balancers.

use std::collections::BTreeSet;

/// First and last node port.
const NODE_PORTS: (u16, u16) = (30000, 32767);

/// What is given so far.
#[derive(Clone, Debug, Default)]
pub struct Addresses {
    services: BTreeSet<u16>,
    ports: BTreeSet<u16>,
    pods: u32,
}

impl Addresses {
    /// A cluster IP of 10.96.0.0/16: the wanted one, or the next free one.
    ///
    /// # Errors
    /// In the server's words, when it is not to be had.
    pub fn cluster_ip(&mut self, wanted: Option<&str>) -> Result<String, String> {
        let number = match wanted {
            Some(text) => {
                let outside = || {
                    "the provided IP (".to_owned()
                        + text
                        + ") is not in the valid range. The range of valid IPs is 10.96.0.0/16"
                };
                let ip: std::net::Ipv4Addr = text.parse().map_err(|_| outside())?;
                let [a, b, c, d] = ip.octets();
                if (a, b) != (10, 96) {
                    return Err("the provided network does not match the current range".to_owned());
                }
                let number = u16::from_be_bytes([c, d]);
                if self.services.contains(&number) {
                    return Err("provided IP is already allocated".to_owned());
                }
                number
            }
            // Spread over the range, so that addresses do not look like a list.
            None => (0..u32::from(u16::MAX))
                .map(|n| (n * 40_503 + 12_345) as u16)
                .find(|n| *n > 255 && !self.services.contains(n))
                .ok_or("range is full")?,
        };
        self.services.insert(number);
        let [c, d] = number.to_be_bytes();
        Ok(format!("10.96.{c}.{d}"))
    }

    /// Gives a cluster IP back.
    pub fn release_ip(&mut self, ip: &str) {
        if let Some([10, 96, c, d]) = ip.parse::<std::net::Ipv4Addr>().ok().map(|ip| ip.octets()) {
            self.services.remove(&u16::from_be_bytes([c, d]));
        }
    }

    /// A node port: the wanted one, or a free one.
    ///
    /// # Errors
    /// In the server's words, when it is not to be had.
    pub fn node_port(&mut self, wanted: Option<u16>) -> Result<u16, String> {
        let (first, last) = NODE_PORTS;
        let port = match wanted {
            Some(port) if !(first..=last).contains(&port) => {
                return Err(format!(
                    "provided port is not in the valid range. The range of valid ports is {first}-{last}"
                ));
            }
            Some(port) if self.ports.contains(&port) => {
                return Err("provided port is already allocated".to_owned());
            }
            Some(port) => port,
            None => {
                let spread = |n: u32| first + ((n * 1_021 + 777) % u32::from(last - first + 1)) as u16;
                (0..u32::from(last - first))
                    .map(spread)
                    .find(|p| !self.ports.contains(p))
                    .ok_or("range is full")?
            }
        };
        self.ports.insert(port);
        Ok(port)
    }

    /// Gives a node port back.
    pub fn release_port(&mut self, port: u16) {
        self.ports.remove(&port);
    }

    /// The IP of a new pod. None is given twice.
    pub fn pod_ip(&mut self) -> String {
        self.pods += 1;
        let [_, b, c, d] = (self.pods + 256).to_be_bytes();
        format!("10.{}.{c}.{d}", 244 + b % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_is_given_twice_until_it_is_given_back() {
        let mut addresses = Addresses::default();
        let one = addresses.cluster_ip(None).unwrap();
        assert!(one.starts_with("10.96.") && one != addresses.cluster_ip(None).unwrap());
        assert_eq!(addresses.cluster_ip(Some(&one)).unwrap_err(), "provided IP is already allocated");
        addresses.release_ip(&one);
        assert_eq!(addresses.cluster_ip(Some(&one)).unwrap(), one);
        let port = addresses.node_port(None).unwrap();
        assert!(addresses.node_port(Some(port)).is_err());
        assert!(addresses.node_port(Some(80)).is_err());
        addresses.release_port(port);
        assert_eq!(addresses.node_port(Some(port)).unwrap(), port);
        assert_ne!(addresses.pod_ip(), addresses.pod_ip());
    }
}
