// Frames over the channel: length | kind | header length | header (JSON) | body, little-endian.
// See src/sandbox/frame.h, which is the other end.
'use strict';

const net = require('net');

const socket = new net.Socket({ fd: 3, readable: true, writable: true });
socket.on('error', () => process.exit(0)); // The server has gone.

function send(kind, header, body) {
  const head = header ? Buffer.from(JSON.stringify(header)) : Buffer.alloc(0);
  const prefix = Buffer.alloc(9);
  prefix.writeUInt32LE(5 + head.length + (body ? body.length : 0), 0);
  prefix.write(kind, 4, 'latin1');
  prefix.writeUInt32LE(head.length, 5);
  socket.write(Buffer.concat(body ? [prefix, head, body] : [prefix, head]));
}

function listen(onFrame, onEnd) {
  let pieces = [];
  let have = 0;
  socket.on('data', (piece) => {
    pieces.push(piece);
    have += piece.length;
    for (;;) {
      if (have < 9) return;
      if (pieces[0].length < 9) pieces = [Buffer.concat(pieces)];
      const size = 4 + pieces[0].readUInt32LE(0);
      if (have < size) return;
      const all = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
      pieces = all.length > size ? [all.subarray(size)] : [];
      have -= size;
      const headerSize = all.readUInt32LE(5);
      const header = headerSize ? JSON.parse(all.toString('utf8', 9, 9 + headerSize)) : {};
      onFrame(all.toString('latin1', 4, 5), header, all.subarray(9 + headerSize, size));
    }
  });
  socket.on('end', onEnd);
}

function end(done) {
  socket.end(done);
}

module.exports = { send, listen, end };
