// A hostile function: loads the probe into its process, runs it beside itself, or runs code that it is sent.
'use strict';

const childProcess = require('child_process');
const fs = require('fs');

const kept = {}; // From call to call, for attacks that take two.
const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;
let loads = 0;

// An addon runs when it is loaded, once by each name that it is loaded by.
function attackFromWithin(event) {
  const library = `/tmp/probe-${++loads}.so`;
  fs.copyFileSync('/code/probe.so', library);
  fs.writeFileSync('/tmp/event', event);
  process.env.PROBE_EVENT = '/tmp/event';
  process.dlopen({ exports: {} }, library);
  delete process.env.PROBE_EVENT;
  fs.unlinkSync(library);
  return fs.readFileSync('/tmp/event.answer');
}

exports.handler = async (event, context) => {
  const text = event.toString();
  if (text.startsWith('code\n')) {
    const run = new AsyncFunction('kept', 'context', 'require', text.slice(5));
    return String(await run(kept, context, require));
  }
  if (text.startsWith('attacks\n')) return attackFromWithin(event);
  const probe = childProcess.spawnSync('/code/probe', ['run'], {
    input: event, stdio: ['pipe', 'pipe', 'inherit'], maxBuffer: 1 << 26,
  });
  if (probe.error) throw probe.error;
  if (probe.status !== 0) throw new Error(`the probe ended with ${probe.status ?? probe.signal}`);
  return probe.stdout;
};
