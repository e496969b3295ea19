// console and context.logger, as FC's Node runtime sets them up: "<time> <request id> [level] text".
// Writes to pipes are synchronous in Node, so what was logged is out before the answer is.
'use strict';

const util = require('util');

let requestId = ''; // Of the call being served.
const ranks = { debug: 0, info: 1, warn: 2, error: 3 };
let lowest = 'debug';

function write(level, values) {
  if (ranks[level] < ranks[lowest]) return;
  const text = util.format(...values);
  process.stdout.write(`${new Date().toISOString()} ${requestId} [${level}] ${text}\n`);
}

const logger = {
  debug: (...values) => write('debug', values),
  log: (...values) => write('info', values),
  info: (...values) => write('info', values),
  warn: (...values) => write('warn', values),
  error: (...values) => write('error', values),
  setLogLevel(level) {
    const name = String(level).toLowerCase();
    if (name in ranks) lowest = name;
  },
};

function setUp() {
  for (const name of ['debug', 'log', 'info', 'warn', 'error']) console[name] = logger[name];
  console.trace = (...values) => write('error', [new Error(util.format(...values)).stack]);
}

module.exports = {
  logger,
  setUp,
  setRequestId: (id) => { requestId = id; },
  printError: (e) => write('error', [e]),
};
