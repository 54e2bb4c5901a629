//! Who is behind a reverse proxy: `Forwarded` (RFC 7239) and `X-Forwarded-For`.

use std::net::IpAddr;

use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderName, header};

use crate::access::Network;

/// What most proxies say.
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What a trusted proxy passes on does not tell for whom it comes. It is refused: taken for the proxy itself, a client that
/// writes what nobody can read would have the proxy's rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unclear {
    /// Both headers are there and name different clients: a client wrote one of them.
    Contradiction,
    /// What the last proxy added cannot be read.
    Unreadable,
}

impl Unclear {
    /// For whoever came.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Contradiction => "Forwarded and X-Forwarded-For name different clients\n",
            Self::Unreadable => "Forwarded or X-Forwarded-For cannot be read\n",
        }
    }
}

/// Whom a request that came from `proxy`, which is trusted, is from. Each proxy adds at the end whom it heard from, so that
/// what stands before the last one that is no proxy of ours may be anybody's invention and is not looked at. The proxy
/// itself where it names nobody.
pub(crate) fn client(
    headers: &HeaderMap,
    proxy: IpAddr,
    proxies: &[Network],
) -> Result<IpAddr, Unclear> {
    let lines = |name: &HeaderName| {
        let lines = headers.get_all(name).iter();
        // Octets of a client that are no text hide nothing that stands after them.
        lines.map(|line| String::from_utf8_lossy(line.as_bytes())).collect::<Vec<_>>()
    };
    let (new, old) = (lines(&header::FORWARDED), lines(&X_FORWARDED_FOR));
    let new = (!new.is_empty())
        .then(|| nearest(new.iter().flat_map(|line| elements(line)), proxy, proxies))
        .transpose()?;
    let old = (!old.is_empty())
        .then(|| nearest(old.iter().flat_map(|line| line.split(',')).map(node), proxy, proxies))
        .transpose()?;
    match (new, old) {
        (Some(new), Some(old)) if new != old => Err(Unclear::Contradiction),
        (new, old) => Ok(new.or(old).unwrap_or(proxy)),
    }
}

/// What an element says. `Ok(None)`: somebody whom it does not name (RFC 7239 sections 6.2 and 6.3).
type Named = Result<Option<IpAddr>, Unclear>;

/// From the end: the first that is no proxy of ours.
fn nearest(
    named: impl Iterator<Item = Named>,
    proxy: IpAddr,
    proxies: &[Network],
) -> Result<IpAddr, Unclear> {
    let named: Vec<_> = named.collect();
    let mut last = proxy;
    for named in named.into_iter().rev() {
        // Not named (`unknown`, `_hidden`): then it is whoever said so.
        let Some(ip) = named? else { break };
        last = ip;
        if !proxies.iter().any(|network| network.contains(ip)) {
            break;
        }
    }
    Ok(last)
}

/// The elements of a line of Forwarded. One with an open quote, by which a client could have what the proxy adds read as its
/// own text, means nothing.
fn elements(line: &str) -> Vec<Named> {
    let mut quote = Quote::default();
    line.chars().for_each(|symbol| quote.pass(symbol));
    if quote == Quote::default() {
        split(line, ',').map(element).collect()
    } else {
        vec![Err(Unclear::Unreadable)]
    }
}

/// An element of Forwarded: `for=192.0.2.43;proto=https;by=203.0.113.43` (RFC 7239 section 4).
fn element(text: &str) -> Named {
    let mut fors = split(text, ';').filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| value.trim())
    });
    match (fors.next(), fors.next()) {
        (Some(value), None) => {
            let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
            node(bare.unwrap_or(value))
        }
        // Each parameter once; and an element without one is not about a client.
        _ => Err(Unclear::Unreadable),
    }
}

/// An address, with a port or without, or a name that hides it (RFC 7239 section 6).
fn node(text: &str) -> Named {
    let text = text.trim();
    if text.eq_ignore_ascii_case("unknown") || text.starts_with('_') {
        return Ok(None);
    }
    let ip = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']').and_then(|(ip, _)| ip.parse().ok()).map(IpAddr::V6),
        None => text
            .parse()
            .ok()
            .or_else(|| text.split_once(':').and_then(|(ip, _)| ip.parse().ok()).map(IpAddr::V4)),
    };
    ip.map(|ip| Some(ip.to_canonical())).ok_or(Unclear::Unreadable)
}

/// Parts between separators that stand in no quotes.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quote = Quote::default();
    text.split(move |symbol: char| {
        quote.pass(symbol);
        symbol == separator && !quote.open
    })
}

/// Whether a symbol stands within quotes (RFC 9110 section 5.6.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Quote {
    open: bool,
    escaped: bool,
}

impl Quote {
    fn pass(&mut self, symbol: char) {
        let plain = !std::mem::replace(&mut self.escaped, false);
        match symbol {
            '\\' if self.open && plain => self.escaped = true,
            '"' if plain => self.open = !self.open,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behind(headers: &[(&'static str, &str)]) -> Result<String, Unclear> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let proxies = ["10.0.0.0/8", "127.0.0.1"].map(|text| text.parse().unwrap());
        client(&map, "127.0.0.1".parse().unwrap(), &proxies).map(|ip| ip.to_string())
    }

    fn is(headers: &[(&'static str, &str)], ip: &str) {
        assert_eq!(behind(headers).as_deref(), Ok(ip), "{headers:?}");
    }

    #[test]
    fn the_last_one_that_is_no_proxy_of_ours_is_the_client() {
        is(&[], "127.0.0.1");
        is(&[("x-forwarded-for", "198.51.100.7")], "198.51.100.7");
        is(&[("x-forwarded-for", "198.51.100.7, 10.0.0.9")], "198.51.100.7");
        is(&[("x-forwarded-for", "198.51.100.7"), ("x-forwarded-for", "10.0.0.9")], "198.51.100.7");
        is(&[("x-forwarded-for", "10.0.0.7, 10.0.0.9")], "10.0.0.7");
        is(&[("x-forwarded-for", "2001:db8::7")], "2001:db8::7");
        is(&[("x-forwarded-for", "[2001:db8::7]:4711")], "2001:db8::7");
        is(&[("x-forwarded-for", "198.51.100.7:4711")], "198.51.100.7");
        is(&[("x-forwarded-for", "::ffff:198.51.100.7")], "198.51.100.7");
    }

    /// The examples of RFC 7239, sections 4, 6.1 and 7.1.
    #[test]
    fn forwarded_is_read_by_its_grammar() {
        is(&[("forwarded", "for=192.0.2.43;proto=https;by=203.0.113.43")], "192.0.2.43");
        is(&[("forwarded", "For=\"[2001:db8:cafe::17]:4711\"")], "2001:db8:cafe::17");
        is(&[("forwarded", "for=\"_gazonk\"")], "127.0.0.1");
        is(&[("forwarded", "for=192.0.2.43, for=198.51.100.17")], "198.51.100.17");
        is(
            &[("forwarded", "for=192.0.2.43"), ("forwarded", "for=10.1.1.1;by=10.1.1.2")],
            "192.0.2.43",
        );
        is(&[("forwarded", "for=unknown, for=10.1.1.1")], "10.1.1.1");
        is(&[("forwarded", "by=\"a,for=1.2.3.4;\\\",for=5.6.7.8\";for=192.0.2.43")], "192.0.2.43");
    }

    #[test]
    fn h20_what_a_client_writes_itself_is_not_believed() {
        // Before what the proxy has added.
        is(&[("x-forwarded-for", "203.0.113.1, 198.51.100.7")], "198.51.100.7");
        is(&[("x-forwarded-for", "127.0.0.1, 10.0.0.1, 198.51.100.7")], "198.51.100.7");
        is(
            &[("x-forwarded-for", "203.0.113.1"), ("x-forwarded-for", "198.51.100.7")],
            "198.51.100.7",
        );
        is(&[("x-forwarded-for", "<script>, \u{fe}\u{ff}, 198.51.100.7")], "198.51.100.7");
        // The header that the proxy does not write.
        let both = [("forwarded", "for=203.0.113.1"), ("x-forwarded-for", "198.51.100.7")];
        assert_eq!(behind(&both), Err(Unclear::Contradiction));
        is(
            &[("forwarded", "for=198.51.100.7"), ("x-forwarded-for", "198.51.100.7")],
            "198.51.100.7",
        );
    }

    /// Whoever makes the line unreadable is not the proxy, which may do what its clients may not.
    #[test]
    fn h21_nobody_becomes_the_proxy_by_what_cannot_be_read() {
        for header in [
            ("forwarded", "for=203.0.113.1;x=\", for=198.51.100.7"),
            ("forwarded", "for=203.0.113.1;for=203.0.113.2"),
            ("forwarded", "proto=https"),
            ("forwarded", "for=\"[2001:db8::1\""),
            ("x-forwarded-for", "203.0.113.1, <script>, 10.0.0.9"),
            ("x-forwarded-for", "203.0.113.1, "),
            ("x-forwarded-for", ""),
            ("x-forwarded-for", "\u{ff}"),
        ] {
            assert_eq!(behind(&[header]), Err(Unclear::Unreadable), "{header:?}");
        }
    }
}
