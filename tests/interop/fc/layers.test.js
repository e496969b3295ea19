'use strict';

const assert = require('node:assert/strict');
const test = require('node:test');
const { FC, client, createFunction, fetchFrom, invoke, refused, zip } = require('./ebb');

async function publish(name, files, more = {}) {
  const body = new FC.CreateLayerVersionInput({
    code: new FC.InputCodeLocation({ zipFile: zip(files).toString('base64') }),
    compatibleRuntime: ['python3.10'], ...more,
  });
  return (await client.createLayerVersion(name, new FC.CreateLayerVersionRequest({ body }))).body;
}

test('a function finds its layers at /opt, the first on top', async () => {
  const one = await publish('i-one', { 'python/shared.py': 'NAME = "one"\n', only: '1' });
  const two = await publish('i-two', { 'python/shared.py': 'NAME = "two"\n', too: '2' });
  const made = await createFunction('f-layers',
    'import os, shared\ndef handler(e, c):\n    return shared.NAME + " " + ",".join(sorted(os.listdir("/opt")))\n',
    { layers: [one.layerVersionArn, two.layerVersionArn] });
  assert.deepEqual(made.layers.map((l) => ({ ...l })), [
    { arn: one.layerVersionArn, size: one.codeSize }, { arn: two.layerVersionArn, size: two.codeSize }]);
  assert.equal((await invoke('f-layers', '')).text, 'one only,python,too');
});

test('a layer version is shown, listed, shared and deleted', async () => {
  const files = { 'bin/x': 'x' };
  const first = await publish('i-life', files, { description: 'd', license: 'MIT' });
  assert.equal(first.version, 1);
  assert.match(first.layerVersionArn, /^acs:fc:[^:]+:\d{16}:layers\/i-life\/versions\/1$/);
  await publish('i-life', files);

  const got = (await client.getLayerVersion('i-life', '1')).body;
  assert.equal(got.description, 'd');
  assert.equal(got.license, 'MIT');
  assert.equal(got.acl, '0');
  assert.deepEqual((await fetchFrom(got.code.location)).bytes, zip(files));
  const byArn = (await client.getLayerVersionByArn(first.layerVersionArn)).body;
  assert.equal(byArn.layerVersionArn, first.layerVersionArn);

  await client.putLayerACL('i-life', new FC.PutLayerACLRequest({ public: 'true' }));
  assert.equal((await client.getLayerVersion('i-life', '2')).body.acl, '1');

  const versions = (await client.listLayerVersions('i-life', new FC.ListLayerVersionsRequest({}))).body;
  assert.deepEqual(versions.layers.map((l) => l.version), [1, 2]);
  const layers = (await client.listLayers(new FC.ListLayersRequest({ prefix: 'i-life' }))).body;
  assert.deepEqual(layers.layers.map((l) => [l.layerName, l.version]), [['i-life', 2]]);

  await client.deleteLayerVersion('i-life', '1');
  await refused(client.getLayerVersion('i-life', '1'), 404, 'LayerVersionNotFound');
});
