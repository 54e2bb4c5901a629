//! Process settings: `pbx.toml` and the command line. The directory is not among them: it lives in the store.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use switchboard_pbx::{AudioEncryption, Codec, Config, Srtp};
use switchboard_store::TomlFaults;
use switchboard_transport::{Network, PortRange, StreamLimits};

use crate::cli::{Language, LogFormat, ServeArgs};
use crate::doors::CertificateFiles;
use crate::failure::Failure;
use crate::listen::ListenAt;

/// A documented settings file with every default.
pub(crate) const SAMPLE: &str = include_str!("../pbx.toml");

/// What the program runs with.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) sip: Vec<ListenAt>,
    pub(crate) rtp: PortRange,
    pub(crate) file: SettingsFile,
    pub(crate) log: LogFormat,
    pub(crate) language: Language,
}

/// `pbx.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SettingsFile {
    pub(crate) sip: SipSettings,
    pub(crate) rtp: RtpSettings,
    pub(crate) calls: CallSettings,
    pub(crate) tcp: TcpSettings,
    pub(crate) tls: TlsSettings,
    pub(crate) websocket: WebSocketSettings,
    pub(crate) log: LogSettings,
    pub(crate) prompts: PromptSettings,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SipSettings {
    pub(crate) listen: Vec<ListenAt>,
    pub(crate) advertise: Option<IpAddr>,
    pub(crate) realm: String,
    pub(crate) hosts: Vec<String>,
}

impl Default for SipSettings {
    fn default() -> Self {
        Self {
            listen: vec![ListenAt::plain(SocketAddr::from((Ipv4Addr::LOCALHOST, 5060)))],
            advertise: None,
            realm: "switchboard".to_owned(),
            hosts: Vec::new(),
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RtpSettings {
    #[serde(deserialize_with = "port_range")]
    pub(crate) ports: PortRange,
    pub(crate) silence: u64,
    threads: usize,
    #[serde(deserialize_with = "codecs")]
    pub(crate) codecs: Vec<Codec>,
    pub(crate) srtp: SrtpMode,
    pub(crate) srtp_keys_in_clear: bool,
}

/// Whether audio is encrypted.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SrtpMode {
    Off,
    #[default]
    Allowed,
    Required,
}

impl RtpSettings {
    pub(crate) fn audio(&self) -> AudioEncryption {
        let srtp = match self.srtp {
            SrtpMode::Off => Srtp::Off,
            SrtpMode::Allowed => Srtp::Allowed,
            SrtpMode::Required => Srtp::Required,
        };
        AudioEncryption { srtp, keys_in_clear: self.srtp_keys_in_clear }
    }
}

impl RtpSettings {
    /// How many threads carry audio.
    pub(crate) fn threads(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads.min(MOST_THREADS),
        }
    }
}

impl Default for RtpSettings {
    fn default() -> Self {
        Self {
            ports: default_ports(),
            silence: 30,
            threads: 0,
            codecs: Config::CODECS.to_vec(),
            srtp: SrtpMode::default(),
            srtp_keys_in_clear: false,
        }
    }
}

/// More threads for audio than any machine has processors.
const MOST_THREADS: usize = 1024;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CallSettings {
    pub(crate) max: usize,
    pub(crate) max_per_user: usize,
    pub(crate) max_per_trunk: usize,
    pub(crate) on_dismissal: OnDismissal,
}

impl Default for CallSettings {
    fn default() -> Self {
        let limits = switchboard_pbx::Limits::default();
        Self {
            max: limits.calls,
            max_per_user: limits.calls_per_user,
            max_per_trunk: limits.calls_per_trunk,
            on_dismissal: OnDismissal::default(),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OnDismissal {
    #[default]
    Continue,
    End,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TcpSettings {
    pub(crate) connections: usize,
    pub(crate) connections_per_address: usize,
    pub(crate) idle: u64,
    pub(crate) handshakes: usize,
    pub(crate) handshakes_per_address: usize,
}

impl Default for TcpSettings {
    fn default() -> Self {
        let limits = StreamLimits::default();
        Self {
            connections: limits.connections,
            connections_per_address: limits.connections_per_address,
            idle: limits.idle.as_secs(),
            handshakes: limits.handshakes,
            handshakes_per_address: limits.handshakes_per_address,
        }
    }
}

impl TcpSettings {
    pub(crate) fn limits(&self) -> StreamLimits {
        StreamLimits {
            connections: self.connections,
            connections_per_address: self.connections_per_address,
            idle: Duration::from_secs(self.idle),
            handshakes: self.handshakes,
            handshakes_per_address: self.handshakes_per_address,
            ..StreamLimits::default()
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TlsSettings {
    pub(crate) certificates: Vec<CertificateFiles>,
    pub(crate) trust: Vec<PathBuf>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WebSocketSettings {
    pub(crate) origins: Vec<String>,
    #[serde(deserialize_with = "networks")]
    pub(crate) trusted_proxies: Vec<Network>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LogSettings {
    pub(crate) format: LogFormat,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PromptSettings {
    pub(crate) language: Language,
}

impl Settings {
    /// Reads `config`, or `pbx.toml` in the data folder if there is one; the command line is stronger.
    pub(crate) fn load(
        config: Option<&Path>,
        data: &Path,
        args: ServeArgs,
    ) -> Result<Self, Failure> {
        let file = SettingsFile::load(config, data)?;
        Ok(Self {
            sip: if args.sip.is_empty() { file.sip.listen.clone() } else { args.sip },
            rtp: args.rtp.unwrap_or(file.rtp.ports),
            log: args.log.unwrap_or(file.log.format),
            language: args.lang.unwrap_or(file.prompts.language),
            file,
        })
    }
}

impl Settings {
    /// The address that peers are told: the one set, or where every address is listened at, the one that this
    /// machine has towards the network.
    pub(crate) fn advertised(&self) -> Option<IpAddr> {
        let mut ips = self.sip.iter().map(|at| at.address.ip());
        let everywhere = ips.find(IpAddr::is_unspecified);
        self.file.sip.advertise.or_else(|| own_address(everywhere?))
    }
}

/// The address that packets to the network leave from; none is sent.
fn own_address(any: IpAddr) -> Option<IpAddr> {
    // Addresses for documentation (RFC 5737, RFC 3849): nobody's, so the default route leads there.
    let elsewhere: IpAddr = match any {
        IpAddr::V4(_) => Ipv4Addr::new(192, 0, 2, 1).into(),
        IpAddr::V6(_) => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(),
    };
    let socket = std::net::UdpSocket::bind((any, 0)).ok()?;
    socket.connect((elsewhere, 9)).ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|ip| !ip.is_unspecified())
}

impl SettingsFile {
    fn load(config: Option<&Path>, data: &Path) -> Result<Self, Failure> {
        let implied = data.join("pbx.toml");
        let path = match config {
            Some(path) => path,
            None if implied.exists() => &implied,
            None => return Ok(Self::default()),
        };
        let text = std::fs::read_to_string(path)
            .map_err(|source| Failure::Read { path: path.to_owned(), source })?;
        let file = Self::parse(&text)
            .map_err(|faults| Failure::Faults { path: path.to_owned(), faults })?;
        Ok(file.beside(path.parent().unwrap_or(Path::new(""))))
    }

    /// The files that it names are looked for beside it.
    fn beside(mut self, folder: &Path) -> Self {
        let certificates = self.tls.certificates.iter_mut();
        let pairs = certificates.flat_map(|files| [&mut files.certificate, &mut files.key]);
        let clients = self.sip.listen.iter_mut().flat_map(|at| &mut at.clients);
        for path in pairs.chain(clients).chain(&mut self.tls.trust) {
            *path = folder.join(&path);
        }
        self
    }

    /// Reads the file section by section, so that one fault does not hide the next.
    pub(crate) fn parse(text: &str) -> Result<Self, TomlFaults> {
        let mut faults = switchboard_store::TomlReader::new(text)?;
        let file = Self {
            sip: faults.section("sip"),
            rtp: faults.section("rtp"),
            calls: faults.section("calls"),
            tcp: faults.section("tcp"),
            tls: faults.section("tls"),
            websocket: faults.section("websocket"),
            log: faults.section("log"),
            prompts: faults.section("prompts"),
        };
        if file.sip.listen.is_empty() {
            faults.fault(
                "sip.listen",
                "an address to listen at is wanted, such as \"127.0.0.1:5060\"",
            );
        }
        let page = |origin: &&String| {
            let host = origin.split_once("://").map_or("", |(_, host)| host);
            *origin != "*" && (host.is_empty() || host.contains('/'))
        };
        if let Some(origin) = file.websocket.origins.iter().find(page) {
            faults.fault(
                "websocket.origins",
                format!("`{origin}`: a site is wanted, such as \"https://phone.example.com\", or \"*\" for all"),
            );
        }
        let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\');
        if file.sip.realm.is_empty() || !file.sip.realm.chars().all(plain) {
            faults.fault(
                "sip.realm",
                "letters, digits and marks without space, `\"` and `\\` are wanted",
            );
        }
        faults.finish()?;
        Ok(file)
    }
}

fn default_ports() -> PortRange {
    match PortRange::new(16384..=32767) {
        Ok(range) => range,
        Err(_) => unreachable!("the default range holds 8192 pairs"),
    }
}

fn networks<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Network>, D::Error> {
    let list = Vec::<String>::deserialize(deserializer)?;
    list.iter().map(|text| text.parse().map_err(serde::de::Error::custom)).collect()
}

fn port_range<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<PortRange, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

/// Names of codecs, each one that the PBX speaks.
fn codecs<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Codec>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    let known = || Config::CODECS.map(Codec::name).join(", ");
    let codec = |name: &String| {
        let codec = Codec::named(name).filter(|codec| Config::CODECS.contains(codec));
        codec.ok_or_else(|| {
            serde::de::Error::custom(format!("`{name}`: one of {} is wanted", known()))
        })
    };
    let codecs: Vec<Codec> = names.iter().map(codec).collect::<Result<_, _>>()?;
    if codecs.is_empty() {
        return Err(serde::de::Error::custom(format!("at least one of {} is wanted", known())));
    }
    Ok(codecs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_says_the_defaults() {
        let sample = SettingsFile::parse(SAMPLE).unwrap();
        assert_eq!(format!("{sample:?}"), format!("{:?}", SettingsFile::default()));
    }

    #[test]
    fn h43_nothing_listens_outside_loopback_by_default() {
        assert!(SettingsFile::default().sip.listen.iter().all(ListenAt::is_private));
    }

    #[test]
    fn files_are_looked_for_beside_the_settings() {
        let text = "[sip]\nlisten = [{ at = \"tls:127.0.0.1:5061\", clients = [\"ca.pem\"] }]\n\
                    [tls]\ncertificates = [{ certificate = \"a.pem\", key = \"/etc/a.key\" }]\n\
                    [websocket]\norigins = [\"https://phone.example.com\"]\n\
                    trusted_proxies = [\"127.0.0.1\", \"10.0.0.0/8\"]\n";
        let file = SettingsFile::parse(text).unwrap().beside(Path::new("/srv/pbx"));
        assert_eq!(file.sip.listen[0].clients, [Path::new("/srv/pbx/ca.pem")]);
        assert_eq!(file.tls.certificates[0].certificate, Path::new("/srv/pbx/a.pem"));
        assert_eq!(file.tls.certificates[0].key, Path::new("/etc/a.key"));
        let proxies: Vec<_> =
            file.websocket.trusted_proxies.iter().map(ToString::to_string).collect();
        assert_eq!(proxies, ["127.0.0.1/32", "10.0.0.0/8"]);
        let faults = SettingsFile::parse("[websocket]\norigins = [\"phone.example.com\"]\n");
        assert!(faults.unwrap_err().to_string().contains("a site is wanted"));
    }

    #[test]
    fn codecs_are_named_in_their_order() {
        let codecs = |list: &str| {
            SettingsFile::parse(&format!("[rtp]\ncodecs = {list}\n")).map(|file| file.rtp.codecs)
        };
        assert_eq!(codecs("[\"g722\", \"PCMA\"]").unwrap(), [Codec::G722, Codec::Pcma]);
        for (list, why) in
            [("[\"G729\"]", "`G729`: one of PCMA, PCMU, G722"), ("[]", "at least one")]
        {
            let fault = codecs(list).unwrap_err().to_string();
            assert!(fault.contains(why), "{fault}");
        }
    }

    #[test]
    fn h44_every_fault_is_named_with_its_place() {
        let text = "[sip]\nlisten = [\"nowhere\"]\n[rtp]\nports = \"9-8\"\n[call]\nmax = 1\n";
        let faults = SettingsFile::parse(text).unwrap_err();
        let lines: Vec<_> = faults.iter().map(|fault| fault.line.unwrap()).collect();
        assert_eq!(lines, [2, 4, 5], "{faults}");
    }
}
