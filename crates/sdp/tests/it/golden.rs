use serde::Deserialize;
use switchboard_sdp::{LocalAudio, Negotiation, RemoteAudio, Session};

#[derive(Deserialize)]
struct Suite {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    why: String,
    body: String,
    address: String,
    rtcp: String,
    formats: Vec<u8>,
    codecs: Vec<String>,
    events: Option<(u8, u32)>,
    direction: String,
    ptime: Option<u16>,
    answer: Vec<String>,
}

#[test]
fn audio_is_read_and_answered_as_the_suite_says() {
    let suite: Suite =
        toml::from_str(include_str!("../../testdata/audio.toml")).expect("the suite is TOML");
    for case in suite.case {
        let why = &case.why;
        let body = case.body.trim_start().replace('\n', "\r\n");
        let session = Session::parse(body.as_bytes()).expect(why);
        assert_eq!(session.to_string(), body, "{why}");

        let audio = RemoteAudio::from_session(&session).expect(why);
        assert_eq!(audio.address.to_string(), case.address, "{why}");
        assert_eq!(audio.rtcp.to_string(), case.rtcp, "{why}");
        let formats: Vec<u8> = audio.formats.iter().map(|format| format.payload_type).collect();
        assert_eq!(formats, case.formats, "{why}");
        let codecs: Vec<&str> = audio.codecs().map(|codec| codec.name()).collect();
        assert_eq!(codecs, case.codecs, "{why}");
        let events = audio.telephone_event.map(|event| (event.payload_type, event.clock_rate));
        assert_eq!(events, case.events, "{why}");
        assert_eq!(audio.direction.as_str(), case.direction, "{why}");
        assert_eq!(audio.ptime, case.ptime, "{why}");

        let local = LocalAudio::new(([203, 0, 113, 1], 4000).into());
        let answer = Negotiation::new(1, local.address).answer(&session, &local).expect(why).0;
        let text = answer.to_string();
        let media: Vec<&str> = text.lines().filter(|line| line.starts_with("m=")).collect();
        assert_eq!(media, case.answer, "{why}");
    }
}
