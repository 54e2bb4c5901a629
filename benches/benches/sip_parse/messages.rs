// Ten messages as phones, trunks and proxies send them; a line end stands for CRLF.
const MESSAGES: [(&str, &str); 10] = [
    (
        "invite",
        "INVITE sip:102@pbx.example.com SIP/2.0
Via: SIP/2.0/UDP 192.0.2.17:5062;branch=z9hG4bK-524287-1---8f6b1c2d9e3a4b5c;rport
Max-Forwards: 70
Contact: <sip:anna@192.0.2.17:5062;transport=udp>
To: <sip:102@pbx.example.com>
From: \"Anna Berger\" <sip:anna@pbx.example.com>;tag=6d0f3a21
Call-ID: 84213NTk5ZDA3ODliY2Q0MzU2N2E5YjQxOGU2NjEwMGQ5ODk
CSeq: 1 INVITE
Allow: INVITE, ACK, CANCEL, BYE, NOTIFY, REFER, MESSAGE, OPTIONS, INFO, SUBSCRIBE
Content-Type: application/sdp
Supported: replaces, norefersub, outbound
User-Agent: Deskphone 5.2.11
Content-Length: 238

v=0
o=- 3840958129 3840958129 IN IP4 192.0.2.17
s=-
c=IN IP4 192.0.2.17
t=0 0
m=audio 40028 RTP/AVP 8 0 9 101
a=rtpmap:8 PCMA/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:9 G722/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
a=sendrecv
",
    ),
    (
        "long invite",
        "INVITE sip:+4930123456@trunk.example.net;user=phone SIP/2.0
Record-Route: <sip:198.51.100.5;transport=tcp;r2=on;lr=on;ftag=as4f1c2e;did=3a1.5b2>
Record-Route: <sip:198.51.100.5;r2=on;lr=on;ftag=as4f1c2e;did=3a1.5b2>
Via: SIP/2.0/TCP 198.51.100.5;branch=z9hG4bK5e1b.9f8c7d6e5a4b3c2d1e0f.0;i=4e2
Via: SIP/2.0/UDP 203.0.113.44:5060;received=203.0.113.44;branch=z9hG4bK2d4f6a8c0e1b3d5f;rport=5060
From: \"+49 40 987654\" <sip:+4940987654@carrier.example;user=phone>;tag=as4f1c2e
To: <sip:+4930123456@trunk.example.net;user=phone>
Contact: <sip:+4940987654@203.0.113.44:5060>
Call-ID: 5c8e1f0a2b4d6f8091a3b5c7d9ebfd0f@203.0.113.44:5060
CSeq: 102 INVITE
User-Agent: Border 12.4
Max-Forwards: 66
Date: Tue, 14 Jul 2026 09:12:44 GMT
Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, SUBSCRIBE, NOTIFY, INFO, PUBLISH, MESSAGE
Supported: replaces, timer, 100rel
Session-Expires: 1800;refresher=uac
Min-SE: 90
P-Asserted-Identity: \"+49 40 987654\" <sip:+4940987654@carrier.example;user=phone>
Privacy: none
Accept: application/sdp, application/dtmf-relay
Content-Type: application/sdp
Content-Length: 304

v=0
o=root 1821763412 1821763412 IN IP4 203.0.113.45
s=media
c=IN IP4 203.0.113.45
t=0 0
m=audio 17288 RTP/AVP 8 0 18 101
a=rtpmap:8 PCMA/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:18 G729/8000
a=fmtp:18 annexb=no
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
a=ptime:20
a=maxptime:150
a=sendrecv
",
    ),
    (
        "register",
        "REGISTER sip:pbx.example.com SIP/2.0
Via: SIP/2.0/UDP 192.0.2.17:5062;branch=z9hG4bK-524287-1---0c9a3f4e5d6b7a89;rport
Max-Forwards: 70
Contact: <sip:anna@192.0.2.17:5062;rinstance=5f0a9c3e2b1d4c6a>;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-0004f2a1b3c5>\"
To: <sip:anna@pbx.example.com>
From: <sip:anna@pbx.example.com>;tag=1f7e9d0c
Call-ID: 77001MzFhMTg5ZGY4YjY3NTRjZmQ5ZDY0OGY1ZjE0ZjYxZWM
CSeq: 42 REGISTER
Expires: 600
Allow: INVITE, ACK, CANCEL, BYE, NOTIFY, REFER, MESSAGE, OPTIONS, INFO, SUBSCRIBE
User-Agent: Deskphone 5.2.11
Authorization: Digest username=\"anna\",realm=\"pbx.example.com\",nonce=\"0000000000012f4d00000000000003e9c1d2e3f405162738495a6b7c8d9eafb0\",uri=\"sip:pbx.example.com\",response=\"0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9\",cnonce=\"5d41402abc4b2a76\",nc=00000001,qop=auth,algorithm=SHA-256
Content-Length: 0

",
    ),
    (
        "ok",
        "SIP/2.0 200 OK
Via: SIP/2.0/UDP 192.0.2.17:5062;branch=z9hG4bK-524287-1---8f6b1c2d9e3a4b5c;rport=5062;received=192.0.2.17
Record-Route: <sip:198.51.100.5;lr>
From: \"Anna Berger\" <sip:anna@pbx.example.com>;tag=6d0f3a21
To: <sip:102@pbx.example.com>;tag=b1946ac92492d234
Call-ID: 84213NTk5ZDA3ODliY2Q0MzU2N2E5YjQxOGU2NjEwMGQ5ODk
CSeq: 1 INVITE
Contact: <sip:102@198.51.100.9:5060>
Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, REFER
Content-Type: application/sdp
Content-Length: 180

v=0
o=- 1752484364 1 IN IP4 198.51.100.9
s=-
c=IN IP4 198.51.100.9
t=0 0
m=audio 20014 RTP/AVP 8 101
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=sendrecv
",
    ),
    (
        "ringing",
        "SIP/2.0 180 Ringing
Via: SIP/2.0/UDP 192.0.2.17:5062;branch=z9hG4bK-524287-1---8f6b1c2d9e3a4b5c;rport=5062;received=192.0.2.17
From: \"Anna Berger\" <sip:anna@pbx.example.com>;tag=6d0f3a21
To: <sip:102@pbx.example.com>;tag=b1946ac92492d234
Call-ID: 84213NTk5ZDA3ODliY2Q0MzU2N2E5YjQxOGU2NjEwMGQ5ODk
CSeq: 1 INVITE
Contact: <sip:102@198.51.100.9:5060>
Content-Length: 0

",
    ),
    (
        "ack",
        "ACK sip:102@198.51.100.9:5060 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.17:5062;branch=z9hG4bK-524287-1---4d5e6f708192a3b4;rport
Max-Forwards: 70
Contact: <sip:anna@192.0.2.17:5062;transport=udp>
To: <sip:102@pbx.example.com>;tag=b1946ac92492d234
From: \"Anna Berger\" <sip:anna@pbx.example.com>;tag=6d0f3a21
Call-ID: 84213NTk5ZDA3ODliY2Q0MzU2N2E5YjQxOGU2NjEwMGQ5ODk
CSeq: 1 ACK
Content-Length: 0

",
    ),
    (
        "bye",
        "BYE sip:anna@192.0.2.17:5062;transport=udp SIP/2.0
Via: SIP/2.0/UDP 198.51.100.9:5060;branch=z9hG4bK9a8b7c6d5e4f3021;rport
Max-Forwards: 70
From: <sip:102@pbx.example.com>;tag=b1946ac92492d234
To: \"Anna Berger\" <sip:anna@pbx.example.com>;tag=6d0f3a21
Call-ID: 84213NTk5ZDA3ODliY2Q0MzU2N2E5YjQxOGU2NjEwMGQ5ODk
CSeq: 2 BYE
Reason: Q.850;cause=16;text=\"Normal call clearing\"
Content-Length: 0

",
    ),
    (
        "options",
        "OPTIONS sip:pbx.example.com SIP/2.0
Via: SIP/2.0/UDP 203.0.113.44:5060;branch=z9hG4bK00d1e2f3a4b5c6d7;rport
Max-Forwards: 70
From: <sip:ping@203.0.113.44>;tag=as3f2e1d0c
To: <sip:pbx.example.com>
Contact: <sip:ping@203.0.113.44:5060>
Call-ID: 1a2b3c4d5e6f708192a3b4c5d6e7f809@203.0.113.44:5060
CSeq: 102 OPTIONS
User-Agent: Border 12.4
Content-Length: 0

",
    ),
    (
        "notify",
        "NOTIFY sip:anna@192.0.2.17:5062;transport=udp SIP/2.0
Via: SIP/2.0/UDP 198.51.100.9:5060;branch=z9hG4bK7c6b5a4938271605;rport
Max-Forwards: 70
From: <sip:anna@pbx.example.com>;tag=c4ca4238a0b92382
To: <sip:anna@pbx.example.com>;tag=77c1f0e2
Contact: <sip:198.51.100.9:5060>
Call-ID: 90a1b2c3d4e5f60718293a4b5c6d7e8f
CSeq: 12 NOTIFY
Event: message-summary
Subscription-State: active;expires=1750
Content-Type: application/simple-message-summary
Content-Length: 47

Messages-Waiting: yes
Voice-Message: 2/8 (0/2)
",
    ),
    (
        "refer",
        "REFER sip:102@198.51.100.9:5060 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.17:5062;branch=z9hG4bK-524287-1---b3c4d5e6f7081929;rport
Max-Forwards: 70
Contact: <sip:anna@192.0.2.17:5062;transport=udp>
To: <sip:102@pbx.example.com>;tag=b1946ac92492d234
From: \"Anna Berger\" <sip:anna@pbx.example.com>;tag=6d0f3a21
Call-ID: 84213NTk5ZDA3ODliY2Q0MzU2N2E5YjQxOGU2NjEwMGQ5ODk
CSeq: 3 REFER
Refer-To: <sip:103@pbx.example.com>
Referred-By: <sip:anna@pbx.example.com>
User-Agent: Deskphone 5.2.11
Content-Length: 0

",
    ),
];
