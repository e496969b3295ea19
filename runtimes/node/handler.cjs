// Finds the user's handler, runs it, and puts what came of it into FC's forms.
'use strict';

const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');

const logs = require('./logs.cjs');

// The code cannot be loaded; the message is for the user.
class LoadError extends Error {}

// The function that "folder/module.function" names, from a CommonJS or an ES module.
async function load(name) {
  const dot = name.lastIndexOf('.');
  if (dot <= 0 || dot === name.length - 1) {
    throw new LoadError(`Bad handler '${name}': it must look like file.function`);
  }
  const [moduleName, functionName] = [name.slice(0, dot), name.slice(dot + 1)];
  const file = ['.js', '.mjs', '.cjs'].map((end) => path.join('/code', moduleName + end))
    .find((candidate) => fs.existsSync(candidate));
  if (!file) throw new LoadError(`Unable to import module '${moduleName}': there is no such file`);
  let loaded;
  try {
    loaded = await loadModule(file);
  } catch (e) {
    logs.printError(e);
    throw new LoadError(`Unable to import module '${moduleName}': ${e}`);
  }
  const found = loaded[functionName] ?? loaded.default?.[functionName];
  if (typeof found !== 'function') {
    throw new LoadError(`Handler '${functionName}' is missing in module '${moduleName}'`);
  }
  return found;
}

async function loadModule(file) {
  if (file.endsWith('.mjs')) return import(pathToFileURL(file).href);
  try {
    return require(file);
  } catch (e) {
    if (e && e.code === 'ERR_REQUIRE_ESM') return import(pathToFileURL(file).href);
    throw e;
  }
}

// A handler that takes a third parameter calls it back; any other returns, or promises.
function call(function_, event, context) {
  return callWith(function_, [event, context], success);
}

// An initializer or pre-stop function: takes the context and, if it wants to, a callback.
async function callHook(name, context) {
  let function_;
  try {
    function_ = await load(name);
  } catch (e) {
    return { ok: false, errorType: 'UnhandledInvocationError', body: errorBody(e.message, 'HandlerNotFound', []) };
  }
  return callWith(function_, [context], () => success(''));
}

async function callWith(function_, given, finish) {
  try {
    if (function_.length <= given.length) return finish(await function_(...given));
    return await new Promise((resolve, reject) => {
      const callback = (error, result) => {
        if (error) resolve(failure(error, 'HandledInvocationError'));
        else {
          try {
            resolve(finish(result));
          } catch (e) {
            reject(e);
          }
        }
      };
      Promise.resolve(function_(...given, callback)).catch(reject);
    });
  } catch (e) {
    logs.printError(e);
    return failure(e, 'UnhandledInvocationError');
  }
}

function success(result) {
  if (result instanceof Uint8Array) return { ok: true, errorType: '', body: Buffer.from(result) };
  const text = typeof result === 'string' ? result : JSON.stringify(result) ?? '';
  return { ok: true, errorType: '', body: Buffer.from(text) };
}

function failure(error, errorType) {
  const isError = error instanceof Error;
  const message = isError ? error.message : typeof error === 'string' ? error : JSON.stringify(error);
  const stack = isError && error.stack ? error.stack.split('\n').map((line) => line.trim())
    .filter((line) => !/[ (]\/ebb\//.test(line)) : [];
  return { ok: false, errorType, body: errorBody(message, isError ? error.name : 'Error', stack) };
}

function errorBody(message, kind, stack) {
  return Buffer.from(JSON.stringify({ errorMessage: message, errorType: kind, stackTrace: stack }));
}

module.exports = { LoadError, load, call, callHook, failure, errorBody };
