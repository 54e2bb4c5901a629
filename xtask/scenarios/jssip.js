// JsSIP as a phone over WebSocket: URL, address of record and password are its arguments. It says `registered`, and
// `rings` for a call, which it refuses as busy. When its input ends, it un-registers, and says so.
'use strict';
global.WebSocket = require('ws');
// It refuses calls for us where there is no WebRTC; no audio is wanted here.
global.window = { RTCPeerConnection() {} };
const JsSIP = require('jssip');

const [url, uri, password] = process.argv.slice(2);
const phone = new JsSIP.UA({ sockets: [new JsSIP.WebSocketInterface(url)], uri, password, register_expires: 120 });
const say = (text) => process.stdout.write(`${text}\n`);

phone.on('registered', () => say('registered'));
phone.on('registrationFailed', ({ cause }) => say(`not registered: ${cause}`));
phone.on('unregistered', () => {
  say('unregistered');
  phone.stop();
  process.exit(0);
});
phone.on('newRTCSession', ({ session }) => {
  say('rings');
  session.terminate({ status_code: 486 });
});
process.stdin.resume().on('end', () => phone.unregister());
phone.start();
