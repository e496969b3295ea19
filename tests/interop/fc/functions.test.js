'use strict';

const assert = require('node:assert/strict');
const test = require('node:test');
const { FC, ECHO, client, code, createFunction, fetchFrom, invoke, refused, zip } = require('./ebb');

test('a created function is shown as it was asked for', async () => {
  const made = await createFunction('f-shown', ECHO, {
    description: 'an echo', timeout: 7, environmentVariables: { COLOR: 'red' },
  });
  assert.equal(made.functionName, 'f-shown');
  assert.match(made.functionArn, /^acs:fc:[^:]+:\d{16}:functions\/f-shown$/);
  assert.equal(made.runtime, 'python3.10');
  assert.equal(made.handler, 'index.handler');
  assert.equal(made.cpu, 0.35);
  assert.equal(made.memorySize, 512);
  assert.equal(made.diskSize, 512);
  assert.equal(made.timeout, 7);
  assert.equal(made.description, 'an echo');
  assert.deepEqual(made.environmentVariables, { COLOR: 'red' });
  assert.equal(made.state, 'Active');
  assert.equal(made.lastUpdateStatus, 'Successful');
  assert.equal(made.codeSize, zip({ 'index.py': ECHO }).length);
  assert.match(made.codeChecksum, /^\d+$/);
  assert.match(made.createdTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

  const got = (await client.getFunction('f-shown', new FC.GetFunctionRequest({}))).body;
  assert.deepEqual(got, made);
});

test('an update changes what it names and nothing else', async () => {
  const made = await createFunction('f-updated', 'def handler(event, context):\n    return "old"\n');
  const input = new FC.UpdateFunctionInput({ memorySize: 1024, code: code('def handler(event, context):\n    return "new"\n') });
  const updated = (await client.updateFunction('f-updated', new FC.UpdateFunctionRequest({ body: input }))).body;
  assert.equal(updated.memorySize, 1024);
  assert.equal(updated.timeout, made.timeout);
  assert.equal(updated.functionId, made.functionId);
  assert.notEqual(updated.codeChecksum, made.codeChecksum);
  assert.equal((await invoke('f-updated', '')).text, 'new');
});

test('the code can be fetched as it was uploaded', async () => {
  await createFunction('f-code', ECHO);
  const { url, checksum } = (await client.getFunctionCode('f-code', new FC.GetFunctionCodeRequest({}))).body;
  const fetched = await fetchFrom(url);
  assert.equal(fetched.status, 200);
  assert.deepEqual(fetched.bytes, zip({ 'index.py': ECHO }));
  assert.match(checksum, /^\d+$/);
  assert.equal((await fetchFrom(url.replace(/signature=.{4}/, 'signature=AAAA'))).status, 403);
});

test('functions are listed by prefix and in pages', async () => {
  for (const name of ['l-1', 'l-2', 'l-3', 'm-1']) await createFunction(name, ECHO);
  const names = [];
  let nextToken;
  do {
    const page = (await client.listFunctions(new FC.ListFunctionsRequest({ prefix: 'l-', limit: 2, nextToken }))).body;
    assert.ok(page.functions.length <= 2);
    names.push(...page.functions.map((f) => f.functionName));
    nextToken = page.nextToken;
  } while (nextToken);
  assert.deepEqual(names, ['l-1', 'l-2', 'l-3']);
});

test('a deleted function is gone and its name is free', async () => {
  const first = await createFunction('f-deleted', ECHO);
  await client.deleteFunction('f-deleted');
  const error = await refused(client.getFunction('f-deleted', new FC.GetFunctionRequest({})), 404, 'FunctionNotFound');
  assert.match(error.message, /function 'f-deleted' does not exist/);
  await refused(client.deleteFunction('f-deleted'), 404, 'FunctionNotFound');
  const second = await createFunction('f-deleted', ECHO);
  assert.notEqual(second.functionId, first.functionId);
});

test('a name in use is refused', async () => {
  await createFunction('f-twice', ECHO);
  await refused(createFunction('f-twice', ECHO), 409, 'FunctionAlreadyExists');
});

test('a function has name servers, searches and options of its own', async () => {
  const customDNS = new FC.CustomDNS({
    nameServers: ['9.9.9.9'], searches: ['a.example.com'], dnsOptions: [new FC.DNSOption({ name: 'ndots', value: '2' })],
  });
  const made = await createFunction('f-names', 'def handler(e, c):\n    return open("/etc/resolv.conf").read()\n', { customDNS });
  assert.deepEqual(made.customDNS, customDNS);
  assert.equal((await invoke('f-names', '')).text, 'nameserver 9.9.9.9\nsearch a.example.com\noptions ndots:2\n');
  const input = new FC.UpdateFunctionInput({ customDNS: new FC.CustomDNS({}) });
  const updated = (await client.updateFunction('f-names', new FC.UpdateFunctionRequest({ body: input }))).body;
  assert.equal(updated.customDNS, undefined);
  assert.equal((await invoke('f-names', '')).text, 'nameserver 169.254.0.1\n');
});

test('what is wrong with a function is said by name', async () => {
  const wrong = [
    [{ runtime: 'cobol85' }, /cobol85/],
    [{ memorySize: 100 }, /memory/i],
    [{ timeout: 0 }, /timeout/i],
    [{ layers: ['acs:fc:local:1:layers/x/versions/1'] }, /layers/],
    [{ vpcConfig: new FC.VPCConfig({ vpcId: 'vpc-1' }) }, /vpcConfig/],
    [{ code: new FC.InputCodeLocation({ zipFile: Buffer.from('no zip').toString('base64') }) }, /./],
    [{ code: new FC.InputCodeLocation({ zipFile: '***' }) }, /base64/],
  ];
  for (const [more, message] of wrong) {
    const error = await refused(createFunction('f-wrong', ECHO, more), 400, 'InvalidArgument');
    assert.match(error.message, message);
  }
  await refused(createFunction('9-digit-first', ECHO), 400, 'InvalidArgument');
  await refused(client.getFunction('f-wrong', new FC.GetFunctionRequest({})), 404, 'FunctionNotFound');
});

test('members that ask for nothing are accepted', async () => {
  const made = await createFunction('f-harmless', ECHO, {
    instanceIsolationMode: 'SHARE', sessionAffinity: 'NONE', layers: [], internetAccess: true,
    vpcConfig: new FC.VPCConfig({}), gpuConfig: new FC.GPUConfig({ gpuMemorySize: 0, gpuType: '' }),
    nasConfig: new FC.NASConfig({ userId: -1, groupId: -1, mountPoints: [] }),
  });
  assert.equal(made.functionName, 'f-harmless');
});

test('versions and aliases that do not exist are said to be so', async () => {
  await createFunction('f-qualified', ECHO);
  const get = (qualifier) => client.getFunction('f-qualified', new FC.GetFunctionRequest({ qualifier }));
  assert.equal((await get('LATEST')).body.functionName, 'f-qualified');
  await refused(get('7'), 404, 'VersionNotFound');
  await refused(get('prod'), 404, 'AliasNotFound');
});
