// A zip archive in memory, uncompressed: what the tests deploy.  Entries are {name: text}.
'use strict';

const TABLE = Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k += 1) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n >>> 0;
});

function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

function header(size, fields) {
  const bytes = Buffer.alloc(size);
  for (const [offset, width, value] of fields) bytes.writeUIntLE(value, offset, width);
  return bytes;
}

function zip(entries) {
  const files = [];
  const directory = [];
  let offset = 0;
  for (const [name, text] of Object.entries(entries)) {
    const path = Buffer.from(name);
    const body = Buffer.from(text);
    const sizes = (at) => [[at, 4, crc32(body)], [at + 4, 4, body.length], [at + 8, 4, body.length], [at + 12, 2, path.length]];
    const local = Buffer.concat([header(30, [[0, 4, 0x04034b50], [4, 2, 20], ...sizes(14)]), path, body]);
    directory.push(header(46, [[0, 4, 0x02014b50], [4, 2, 0x0314], [6, 2, 20], ...sizes(16),
      [38, 4, 0x81a40000], [42, 4, offset]]), path);
    files.push(local);
    offset += local.length;
  }
  const index = Buffer.concat(directory);
  const count = files.length;
  const end = header(22, [[0, 4, 0x06054b50], [8, 2, count], [10, 2, count], [12, 4, index.length], [16, 4, offset]]);
  return Buffer.concat([...files, index, end]);
}

module.exports = { zip };
