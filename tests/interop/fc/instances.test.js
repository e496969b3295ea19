'use strict';

const assert = require('node:assert/strict');
const test = require('node:test');
const { FC, ECHO, client, createFunction, invoke } = require('./ebb');

async function list(functionName, more = {}) {
  return (await client.listInstances(functionName, new FC.ListInstancesRequest(more))).body;
}

test('the instance that served a call is listed', async () => {
  await createFunction('n-one', ECHO);
  assert.deepEqual((await list('n-one')).instances, []);
  const answer = await invoke('n-one', 'x');
  const listed = await list('n-one', { qualifier: 'LATEST', withAllActive: true, limit: '10' });
  assert.match(listed.requestId, /^1-/);
  assert.equal(listed.instances.length, 1);
  const [one] = listed.instances;
  assert.equal(one.instanceId, answer.headers['x-fc-instance-id']);
  assert.equal(one.versionId, '0');
  assert.equal(one.qualifier, 'LATEST');
  assert.ok(['Idle', 'Running'].includes(one.status));
  assert.ok(one.createdTimeMs <= Date.now());
});

test('instances are selected by id and by status', async () => {
  await createFunction('n-select', ECHO);
  const id = (await invoke('n-select', 'x')).headers['x-fc-instance-id'];
  assert.equal((await list('n-select', { instanceIds: [id, 'c-other'] })).instances.length, 1);
  assert.equal((await list('n-select', { instanceIds: ['c-other'] })).instances.length, 0);
  assert.equal((await list('n-select', { instanceStatus: ['Destroyed'] })).instances.length, 0);
});
