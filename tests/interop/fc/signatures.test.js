'use strict';

const assert = require('node:assert/strict');
const test = require('node:test');
const { FC, client, connect, fetchFrom, get, refused } = require('./ebb');

const list = (from, request = {}) => from.listFunctions(new FC.ListFunctionsRequest(request));

test('a wrong secret is refused', async () => {
  await refused(list(connect({ accessKeySecret: 'wrong' })), 403, 'SignatureNotMatch');
});

test('an unknown key is refused', async () => {
  await refused(list(connect({ accessKeyId: 'LTAI5tNobody' })), 403, 'InvalidAccessKeyID');
});

test('characters that clients encode in different ways are verified', async () => {
  const page = await list(client, { prefix: "a b*'~(é)+%&=/?" });
  assert.deepEqual(page.body.functions, []);
});

test('a request without signature is refused', async () => {
  const answer = await fetchFrom(`${process.env.EBB_ENDPOINT}/2023-03-30/functions`);
  assert.equal(answer.status, 403);
  const { Code, Message, RequestId } = JSON.parse(answer.text);
  assert.equal(Code, 'AccessDenied');
  assert.ok(Message);
  assert.equal(RequestId, answer.headers['x-fc-request-id']);
});

test('an operation that there is not is refused', async () => {
  const error = await refused(get('/2023-03-30/nothing-like-it'), 400, 'PathNotSupported');
  assert.match(error.message, /'GET' against '\/2023-03-30\/nothing-like-it' is not supported/);
});

test('Ebb tells how it is', async () => {
  const status = await get('/ebb/v1/status');
  assert.equal(status.accountId, process.env.EBB_ACCOUNT);
  assert.ok(status.version);
  assert.ok(Number.isInteger(status.queue.waiting));
  assert.ok(Number.isInteger(status.instances.idle));
});
