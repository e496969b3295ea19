// The SDK as these tests use it, and what it has no operation for.
'use strict';

const assert = require('node:assert/strict');
const http = require('node:http');
const { Readable } = require('node:stream');
const FC = require('@alicloud/fc20230330');
const { $OpenApiUtil } = require('@alicloud/openapi-core');
const dara = require('@darabonba/typescript');
const { zip } = require('./zip');

const ENDPOINT = process.env.EBB_ENDPOINT.replace(/^http:\/\//, '');

function connect(keys = {}) {
  return new FC.default(new $OpenApiUtil.Config({
    accessKeyId: process.env.EBB_ACCESS_KEY_ID,
    accessKeySecret: process.env.EBB_ACCESS_KEY_SECRET,
    regionId: 'local',
    endpoint: ENDPOINT,
    protocol: 'http',
    ...keys,
  }));
}

const client = connect();

// Python source as `code` of a function whose handler is index.handler.
function code(source) {
  return new FC.InputCodeLocation({ zipFile: zip({ 'index.py': source }).toString('base64') });
}

async function createFunction(functionName, source, more = {}) {
  const body = new FC.CreateFunctionInput({
    functionName, runtime: 'python3.10', handler: 'index.handler', cpu: 0.35, memorySize: 512,
    diskSize: 512, timeout: 10, code: code(source), ...more,
  });
  return (await client.createFunction(new FC.CreateFunctionRequest({ body }))).body;
}

// {status, headers, text} of an invocation.
async function invoke(functionName, payload, headers = {}) {
  const request = new FC.InvokeFunctionRequest({ body: Readable.from([Buffer.from(payload)]) });
  const response = await client.invokeFunctionWithOptions(
    functionName, request, new FC.InvokeFunctionHeaders(headers), new dara.RuntimeOptions({}));
  const pieces = [];
  for await (const piece of response.body) pieces.push(Buffer.from(piece));
  return { status: response.statusCode, headers: response.headers, text: Buffer.concat(pieces).toString() };
}

// Waits for a call to be refused with FC's status and code; gives back the SDK's error.
async function refused(call, statusCode, errorCode) {
  try {
    await call;
  } catch (error) {
    assert.equal(error.code, errorCode, error.message);
    assert.equal(error.statusCode, statusCode, error.message);
    assert.match(error.message, /request id: 1-[0-9a-f]{8}-[0-9a-f]{24}/i);
    return error;
  }
  return assert.fail(`was not refused; ${errorCode} was expected`);
}

// GET of Ebb's own API, signed by the SDK.
async function get(pathname, query = {}) {
  const params = new $OpenApiUtil.Params({
    action: 'Get', version: '2023-03-30', protocol: 'HTTP', pathname, method: 'GET', authType: 'AK',
    style: 'ROA', reqBodyType: 'json', bodyType: 'json',
  });
  const request = new $OpenApiUtil.OpenApiRequest({ headers: {}, query });
  return (await client.callApi(params, request, new dara.RuntimeOptions({}))).body;
}

// The usage records of a function, once there are `count`.
async function records(functionName, count) {
  for (const end = Date.now() + 60_000; ;) {
    const found = (await get('/ebb/v1/usage/records', { function: functionName })).records;
    if (found.length >= count) return found;
    assert.ok(Date.now() < end, `${functionName} has ${found.length} usage records after a minute`);
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
}

// A plain HTTP request; `host` may differ from where it is sent.
function fetchFrom(url, { method = 'GET', headers = {}, body = '' } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, headers }, (response) => {
      const pieces = [];
      response.on('data', (piece) => pieces.push(piece));
      response.on('end', () => resolve({
        status: response.statusCode, headers: response.headers, bytes: Buffer.concat(pieces),
        text: Buffer.concat(pieces).toString(),
      }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

const ECHO = 'def handler(event, context):\n    print("got", len(event))\n    return event\n';

module.exports = { FC, ECHO, client, connect, code, createFunction, invoke, refused, get, records, fetchFrom, zip };
