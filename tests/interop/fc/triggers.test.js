'use strict';

const assert = require('node:assert/strict');
const test = require('node:test');
const { FC, ECHO, client, createFunction, fetchFrom, records, refused } = require('./ebb');

async function createTrigger(functionName, triggerName, triggerType, config, more = {}) {
  const body = new FC.CreateTriggerInput({
    triggerName, triggerType, qualifier: 'LATEST', triggerConfig: JSON.stringify(config), ...more,
  });
  return (await client.createTrigger(functionName, new FC.CreateTriggerRequest({ body }))).body;
}

const OSS = { events: ['oss:ObjectCreated:*'], filter: { key: { prefix: 'in/', suffix: '.jpg' } } };

test('triggers of all three kinds are created, shown, listed and deleted', async () => {
  await createFunction('t-all', ECHO);
  const timer = await createTrigger('t-all', 'nightly', 'timer', { cronExpression: '0 0 4 * * *', enable: true, payload: 'p' });
  assert.equal(timer.triggerName, 'nightly');
  assert.equal(timer.triggerType, 'timer');
  assert.equal(timer.qualifier, 'LATEST');
  assert.equal(timer.triggerConfig, '{"cronExpression":"0 0 4 * * *","enable":true,"payload":"p"}');
  assert.match(timer.targetArn, /functions\/t-all$/);
  const oss = await createTrigger('t-all', 'uploads', 'oss', OSS, { sourceArn: 'acs:oss:local:1:photos-all' });
  assert.equal(oss.sourceArn, 'acs:oss:local:1:photos-all');
  const http = await createTrigger('t-all', 'web', 'http', { authType: 'anonymous', methods: ['GET'] });
  assert.equal(new URL(http.httpTrigger.urlInternet).hostname, `${http.triggerId}.localhost`);

  assert.deepEqual((await client.getTrigger('t-all', 'nightly')).body, timer);
  const all = (await client.listTriggers('t-all', new FC.ListTriggersRequest({}))).body.triggers;
  assert.deepEqual(all.map((t) => t.triggerName), ['nightly', 'uploads', 'web']);
  const page = (await client.listTriggers('t-all', new FC.ListTriggersRequest({ limit: 2 }))).body;
  const rest = (await client.listTriggers('t-all', new FC.ListTriggersRequest({ nextToken: page.nextToken }))).body;
  assert.deepEqual(rest.triggers.map((t) => t.triggerName), ['web']);

  await client.deleteTrigger('t-all', 'nightly');
  await refused(client.getTrigger('t-all', 'nightly'), 404, 'TriggerNotFound');
});

test('an update of a trigger replaces its configuration', async () => {
  await createFunction('t-update', ECHO);
  await createTrigger('t-update', 'tick', 'timer', { cronExpression: '@every 1h', enable: true });
  const body = new FC.UpdateTriggerInput({ description: 'rarer', triggerConfig: '{"cronExpression":"@every 2h","enable":false}' });
  const updated = (await client.updateTrigger('t-update', 'tick', new FC.UpdateTriggerRequest({ body }))).body;
  assert.equal(updated.description, 'rarer');
  assert.equal(updated.triggerConfig, '{"cronExpression":"@every 2h","enable":false}');
});

test('what is wrong with a trigger is said', async () => {
  await createFunction('t-wrong', ECHO);
  const refuse = (type, config, more) => refused(createTrigger('t-wrong', 'x', type, config, more), 400, 'InvalidArgument');
  await refuse('timer', { cronExpression: 'whenever', enable: true });
  await refuse('oss', { events: ['oss:ObjectEaten:*'] }, { sourceArn: 'acs:oss:local:1:photos' });
  await refuse('oss', OSS);
  await refuse('http', { authType: 'wishful', methods: ['GET'] });
  await refuse('kafka', {});
  await refused(createTrigger('t-nobody', 'x', 'timer', { cronExpression: '@every 1h' }), 404, 'FunctionNotFound');
  await createTrigger('t-wrong', 'tick', 'timer', { cronExpression: '@every 1h' });
  await refused(createTrigger('t-wrong', 'tick', 'timer', { cronExpression: '@every 1h' }), 409, 'TriggerAlreadyExists');
  await refused(client.deleteTrigger('t-wrong', 'nobody'), 404, 'TriggerNotFound');
});

test('an http trigger serves requests by its host name', async () => {
  await createFunction('t-web', [
    'import json',
    'def handler(event, context):',
    '    e = json.loads(event)',
    '    return {"statusCode": 418, "headers": {"X-Method": e["requestContext"]["http"]["method"]},',
    '            "body": e["rawPath"] + " " + e["body"]}',
  ].join('\n'));
  const trigger = await createTrigger('t-web', 'web', 'http', { authType: 'anonymous', methods: ['POST'] });
  const host = new URL(trigger.httpTrigger.urlInternet).host;
  const url = `${process.env.EBB_FUNCTIONS_ENDPOINT}/a%20b?x=1`;
  const headers = { Host: host, 'Content-Type': 'text/plain' };
  const answer = await fetchFrom(url, { method: 'POST', headers, body: 'hi' });
  assert.equal(answer.status, 418);
  assert.equal(answer.headers['x-method'], 'POST');
  assert.equal(answer.text, '/a%20b hi');
  assert.equal((await fetchFrom(url, { headers })).status, 405);
  assert.equal((await fetchFrom(url, { headers: { Host: 'nobody.localhost' } })).status, 404);
});

test('a timer runs the function without anybody asking', async () => {
  await createFunction('t-timer', ECHO);
  await createTrigger('t-timer', 'tick', 'timer', { cronExpression: '@every 1s', enable: true, payload: 'p' });
  const [record] = await records('t-timer', 1);
  assert.equal(record.trigger, 'tick');
  assert.equal(record.outcome, 'ok');
  await client.deleteFunction('t-timer');
});
