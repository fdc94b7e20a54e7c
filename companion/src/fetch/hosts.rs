//! Which hosts may be asked: lists, and what is public.

use super::FetchError;
use anyhow::Context as _;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use url::{Host, Url};

/// A list of hosts.
#[derive(Debug, Clone, Default)]
pub(super) struct Hosts(Vec<Rule>);

#[derive(Debug, Clone)]
enum Rule {
    /// `.fbcdn.net`: hosts below it.
    Below(String),
    /// `example.org`: that host.
    Host(String),
    /// `127.0.0.1:8788`: that host at that port, whatever its address, over http too.
    Exactly(String, u16),
}

impl Hosts {
    pub(super) fn read(setting: &str, entries: &[String]) -> anyhow::Result<Self> {
        let rule = |entry: &String| {
            if entry.starts_with('.') {
                return Ok(Rule::Below(entry.to_ascii_lowercase()));
            }
            let url =
                Url::parse(&format!("http://{entry}/")).with_context(|| format!("{setting}: `{entry}` is no host"))?;
            let host = url.host_str().with_context(|| format!("{setting}: `{entry}` is no host"))?.to_owned();
            // Port 80 is the one that the parser drops as the scheme's own.
            let port = url.port().or_else(|| entry.ends_with(":80").then_some(80));
            Ok(port.map_or(Rule::Host(host.clone()), |port| Rule::Exactly(host, port)))
        };
        entries.iter().map(rule).collect::<anyhow::Result<_>>().map(Self)
    }

    /// The hosts of the operator's own base URLs.
    pub(super) fn of(bases: &[&Url]) -> Self {
        let rule = |base: &&Url| Some(Rule::Exactly(base.host_str()?.to_owned(), base.port_or_known_default()?));
        Self(bases.iter().filter_map(rule).collect())
    }

    pub(super) fn check(&self, url: &Url) -> Result<(), FetchError> {
        let host = url.host_str().unwrap_or_default();
        let allowed = match url.port_or_known_default() {
            _ if !matches!(url.scheme(), "http" | "https")
                || !url.username().is_empty()
                || url.password().is_some() =>
            {
                false
            }
            None => false,
            Some(port) => self.0.iter().any(|rule| {
                let public = url.scheme() == "https" && port == 443 && matches!(url.host(), Some(Host::Domain(_)));
                match rule {
                    Rule::Below(suffix) => public && host.ends_with(suffix.as_str()),
                    Rule::Host(name) => public && host == name,
                    Rule::Exactly(name, listed) => host == name && port == *listed,
                }
            }),
        };
        if allowed { Ok(()) } else { Err(FetchError::NotListed(host.to_owned())) }
    }

    /// Entries of the form `host:port` only.
    pub(super) fn read_exact(setting: &str, entries: &[String]) -> anyhow::Result<Self> {
        let hosts = Self::read(setting, entries)?;
        let other = hosts.0.iter().position(|rule| !matches!(rule, Rule::Exactly(..)));
        match other {
            None => Ok(hosts),
            Some(position) => anyhow::bail!("{setting}: `{}` must be host:port", entries[position]),
        }
    }

    pub(super) fn exact_names(&self) -> impl Iterator<Item = String> {
        self.0.iter().filter_map(|rule| match rule {
            Rule::Exactly(name, _) => Some(name.clone()),
            _ => None,
        })
    }
}

/// Whether an entry of `image_hosts` lets pictures be fetched from services of the machine that the companion runs on.
pub fn is_on_this_machine(entry: &str) -> bool {
    let hosts = Hosts::read("image_hosts", &[entry.to_owned()]).unwrap_or_default();
    let here = |address: IpAddr| address.to_canonical().is_loopback() || address.is_unspecified();
    hosts.exact_names().any(|name| match Host::parse(&name) {
        Ok(Host::Domain(name)) => name.trim_end_matches('.').rsplit('.').next() == Some("localhost"),
        Ok(Host::Ipv4(v4)) => here(v4.into()),
        Ok(Host::Ipv6(v6)) => here(v6.into()),
        Err(_) => false,
    })
}

/// An address that anybody may name: of the web, where no other service listens.
pub(super) fn is_public_address(url: &Url) -> bool {
    let port = url.port_or_known_default().unwrap_or_default();
    is_public_host(url) && matches!(url.scheme(), "http" | "https") && (matches!(port, 80 | 443) || port >= 1024)
}

/// Names are judged by the resolver, once they have addresses; an address in the URL itself never gets there.
pub(super) fn is_public_receiver(url: &Url) -> bool {
    is_public_host(url) && url.scheme() == "https"
}

fn is_public_host(url: &Url) -> bool {
    let public = match url.host() {
        Some(Host::Domain(_)) => true,
        Some(Host::Ipv4(v4)) => is_public(v4.into()),
        Some(Host::Ipv6(v6)) => is_public(v6.into()),
        None => false,
    };
    public && url.username().is_empty() && url.password().is_none()
}

/// A resolver that knows no private address, but for names that the operator listed with their port.
#[derive(Debug, Clone)]
pub(super) struct PublicOnly {
    pub(super) listed: HashSet<String>,
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let any_address = self.listed.contains(name.as_str());
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let addresses: Vec<SocketAddr> = found.filter(|address| any_address || is_public(address.ip())).collect();
            if addresses.is_empty() {
                return Err(format!("{} has no public address", name.as_str()).into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is one of the open internet. From the special-purpose registries of RFC 6890.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    !(v4.is_private()
        || v4.is_loopback()
        || v4.is_link_local()
        || v4.is_multicast()
        || v4.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19)))
}

fn is_public_v6(v6: Ipv6Addr) -> bool {
    let [first, second, ..] = v6.segments();
    // Global unicast is 2000::/3; of it, 2001::/23, 2001:db8::/32 and 2002::/16 lead elsewhere or nowhere.
    (0x2000..0x4000).contains(&first) && !(first == 0x2001 && (second < 0x200 || second == 0xdb8)) && first != 0x2002
}

/// Whether the name of a host leads anywhere that everybody may go.
pub(super) async fn has_public_address(url: &Url) -> Result<(), String> {
    let Some(Host::Domain(name)) = url.host() else { return Ok(()) };
    let name: Name = name.parse().map_err(|_| format!("{name} is no name"))?;
    PublicOnly { listed: HashSet::new() }.resolve(name).await.map(drop).map_err(|error| error.to_string())
}
