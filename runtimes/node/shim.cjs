// What runs inside a Node sandbox, around the user's code: say that Node is up, be told what to
// load, load it, then answer calls until killed.
'use strict';

const { Module } = require('module');

const channel = require('./channel.cjs');
const { makeContext } = require('./context.cjs');
const handlers = require('./handler.cjs');
const logs = require('./logs.cjs');

let function_ = null; // The user's handler.
let fixed = {}; // What all contexts share.
let busy = null; // The call being answered.

async function start(header) {
  process.chdir('/code'); // A stem stands in what lies below it.
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, header.environment);
  Module._initPaths(); // Reads NODE_PATH again.
  fixed = header.context;
  try {
    function_ = await handlers.load(header.handler);
  } catch (e) {
    logs.printError(e);
    channel.send('X', { message: e instanceof handlers.LoadError ? e.message : String(e) });
    return;
  }
  channel.send('L');
}

async function serve(call, event) {
  busy = call;
  logs.setRequestId(call.requestId);
  answer(call, await handlers.call(function_, event, makeContext(fixed, call)));
}

async function runHook(call) {
  busy = call;
  logs.setRequestId(call.requestId);
  answer(call, await handlers.callHook(call.handler, makeContext(fixed, call)));
}

function answer(call, outcome) {
  if (busy !== call) return; // Answered already.
  busy = null;
  let { ok, errorType, body } = outcome;
  if (body.length > call.maxReplyBytes) {
    ok = false;
    errorType = 'UnhandledInvocationError';
    body = handlers.errorBody(
      `the response of ${body.length} bytes is over the limit of ${call.maxReplyBytes}`,
      'ResponseTooLarge', []);
  }
  channel.send('A', { requestId: call.requestId, ok, errorType }, body);
}

// Thrown outside the handler's promise: nothing can be trusted after that, but the caller is told.
process.on('uncaughtException', (e) => {
  logs.printError(e);
  if (busy) answer(busy, handlers.failure(e, 'UnhandledInvocationError'));
  channel.end(() => process.exit(1));
});

channel.listen((kind, header, body) => {
  if (kind === 'I') start(header);
  else if (kind === 'C') serve(header, body);
  else if (kind === 'H') runHook(header);
}, () => process.exit(0));

process.argv = [process.argv[0], ''];
logs.setUp();
if (process.env.EBB_STEM) require('./warm.cjs').warmUp();
channel.send('B');
