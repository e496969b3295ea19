'use strict';

const assert = require('node:assert/strict');
const test = require('node:test');
const { FC, ECHO, client, createFunction, invoke, records, refused } = require('./ebb');

test('a call answers what the function returned', async () => {
  const made = await createFunction('i-echo', ECHO);
  const answer = await invoke('i-echo', '{"k":"v"}');
  assert.equal(answer.status, 200);
  assert.equal(answer.text, '{"k":"v"}');
  assert.match(answer.headers['x-fc-request-id'], /^1-[0-9a-f]{8}-[0-9a-f]{24}$/);
  assert.match(answer.headers['x-fc-instance-id'], /^c-/);
  assert.equal(answer.headers['x-fc-code-checksum'], made.codeChecksum);
  assert.equal(answer.headers['x-fc-invocation-function-version'], 'LATEST');
  assert.ok(Number(answer.headers['x-fc-invocation-duration']) > 0);
  assert.ok(Number(answer.headers['x-fc-max-memory-usage']) > 0);
  assert.equal(answer.headers['x-fc-error-type'], undefined);
  assert.equal(answer.headers['x-fc-log-result'], undefined);
});

test('every byte goes in and comes out', async () => {
  await createFunction('i-bytes', ECHO);
  const sent = Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString('latin1').repeat(64);
  assert.equal((await invoke('i-bytes', sent)).text, sent);
});

test('the tail of the log comes with the answer when asked for', async () => {
  await createFunction('i-tail', ECHO);
  const answer = await invoke('i-tail', 'abc', { xFcLogType: 'Tail' });
  const log = Buffer.from(answer.headers['x-fc-log-result'], 'base64').toString();
  assert.match(log, /got 3/);
});

test('a handler that raises answers 200 with the error', async () => {
  await createFunction('i-raise', 'def handler(event, context):\n    raise ValueError("no good")\n');
  const answer = await invoke('i-raise', '');
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['x-fc-error-type'], 'UnhandledInvocationError');
  const error = JSON.parse(answer.text);
  assert.equal(error.errorType, 'ValueError');
  assert.equal(error.errorMessage, 'no good');
  assert.ok(Array.isArray(error.stackTrace));
});

test('an asynchronous call is accepted at once and runs once', async () => {
  await createFunction('i-async', ECHO);
  const answer = await invoke('i-async', 'later', { xFcInvocationType: 'Async', xFcAsyncTaskId: 'task-1' });
  assert.equal(answer.status, 202);
  assert.equal(answer.text, '');
  assert.equal(answer.headers['x-fc-async-task-id'], 'task-1');
  const again = invoke('i-async', 'later', { xFcInvocationType: 'Async', xFcAsyncTaskId: 'task-1' });
  await refused(again, 409, 'StatefulAsyncInvocationAlreadyExists');
  const [record] = await records('i-async', 1);
  assert.equal(record.requestId, answer.headers['x-fc-request-id']);
  assert.equal(record.outcome, 'ok');
  assert.equal(record.trigger, 'invoke');
});

test('a delay is taken from the header', async () => {
  await createFunction('i-delay', ECHO);
  const later = (delay) => invoke('i-delay', '', {
    xFcInvocationType: 'Async', commonHeaders: { 'x-fc-async-delay': delay },
  });
  assert.equal((await later('1')).status, 202);
  await refused(later('0'), 400, 'InvalidArgument');
  await refused(later('3601'), 400, 'InvalidArgument');
  await records('i-delay', 1);
});

test('a synchronous call is in the ledger when the next question is asked', async () => {
  await createFunction('i-usage', ECHO);
  const answer = await invoke('i-usage', 'x');
  const [record] = await records('i-usage', 1);
  assert.equal(record.requestId, answer.headers['x-fc-request-id']);
  assert.equal(record.start, 'cold');
  assert.ok(record.billedMs >= 1);
  assert.match(record.cost, /^\d+\.\d{9}$/);
});

test('what cannot be invoked is said', async () => {
  await refused(invoke('i-nobody', ''), 404, 'FunctionNotFound');
  await createFunction('i-refuse', ECHO);
  await refused(invoke('i-refuse', '', { xFcInvocationType: 'Sometimes' }), 400, 'InvalidArgument');
  const big = Buffer.alloc(128 * 1024 + 1, 'x').toString();
  await refused(invoke('i-refuse', big, { xFcInvocationType: 'Async' }), 400, 'EntityTooLarge');
  const request = new FC.InvokeFunctionRequest({ qualifier: 'prod' });
  await refused(client.invokeFunction('i-refuse', request), 404, 'AliasNotFound');
});
