'use strict';

const assert = require('node:assert/strict');
const test = require('node:test');
const { FC, ECHO, createFunction, invoke, records, refused } = require('./ebb');

// A custom runtime in one file; `handle(method, path, body)` gives [status, body].
function server(handle, before = '') {
  return {
    runtime: 'custom.debian12',
    customRuntimeConfig: new FC.CustomRuntimeConfig({ command: ['/usr/bin/python3', '/code/index.py'], port: 9000 }),
    source: `import http.server, os, threading, time
${before}
${handle}
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, answer = handle(self.command, self.path, body)
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
    do_GET = do_POST = do
    def log_message(self, *arguments):
        pass
http.server.ThreadingHTTPServer(("0.0.0.0", 9000), Handler).serve_forever()
`,
  };
}

test('an instance of a custom runtime serves as many calls at once as its concurrency', async () => {
  const { source, ...more } = server(`
def handle(method, path, body):
    together.wait(60)
    return 200, body`, 'together = threading.Barrier(4)');
  const made = await createFunction('c-together', source, { ...more, timeout: 60, instanceConcurrency: 4 });
  assert.equal(made.instanceConcurrency, 4);
  // Each is answered only when all four are there.
  const answers = await Promise.all(['a', 'b', 'c', 'd'].map((x) => invoke('c-together', x, { xFcLogType: 'Tail' })));
  assert.deepEqual(answers.map((a) => a.text), ['a', 'b', 'c', 'd']);
  assert.equal(new Set(answers.map((a) => a.headers['x-fc-instance-id'])).size, 1);
  for (const { headers } of answers) assert.equal(headers['x-fc-log-result'], undefined);
  const found = await records('c-together', 4);
  assert.equal(found.filter((r) => r.start === 'cold').length, 1);
});

test('built-in runtimes serve one call at a time', async () => {
  const error = await refused(createFunction('c-python', ECHO, { instanceConcurrency: 2 }), 400, 'InvalidArgument');
  assert.match(error.message, /instanceConcurrency/);
  await refused(createFunction('c-many', ECHO, { runtime: 'custom.debian12', instanceConcurrency: 201 }), 400, 'InvalidArgument');
});

test('an initializer runs before the first call, and its failure is an InitializationError', async () => {
  const hook = (handler) => ({
    instanceLifecycleConfig: new FC.InstanceLifecycleConfig({ initializer: new FC.LifecycleHook({ handler, timeout: 20 }) }),
  });
  const source = 'state = []\ndef init(context):\n    state.append("ready")\n'
    + 'def broken(context):\n    raise OSError("no database")\ndef handler(event, context):\n    return state[0]\n';
  const made = await createFunction('h-init', source, hook('index.init'));
  assert.equal(made.instanceLifecycleConfig.initializer.handler, 'index.init');
  assert.equal(made.instanceLifecycleConfig.initializer.timeout, 20);
  assert.equal((await invoke('h-init', '')).text, 'ready');
  assert.equal((await invoke('h-init', '')).text, 'ready');

  await createFunction('h-broken', source, hook('index.broken'));
  const failed = await invoke('h-broken', '');
  assert.equal(failed.status, 200);
  assert.equal(failed.headers['x-fc-error-type'], 'InitializationError');
  const { errorMessage, errorType } = JSON.parse(failed.text);
  assert.deepEqual([errorMessage, errorType], ['no database', 'OSError']);
});

test('a custom runtime has its initializer asked over HTTP, once it says that it is well', async () => {
  const { source, customRuntimeConfig, ...more } = server(`
def handle(method, path, body):
    asked.append(method + " " + path)
    return (503 if len(asked) == 1 else 200), " ".join(asked).encode()`, 'asked = []');
  customRuntimeConfig.healthCheckConfig = new FC.CustomHealthCheckConfig({ httpGetUrl: '/ready?x=1', periodSeconds: 1, timeoutSeconds: 3 });
  const made = await createFunction('h-custom', source, {
    ...more,
    customRuntimeConfig,
    instanceLifecycleConfig: new FC.InstanceLifecycleConfig({ initializer: new FC.LifecycleHook({ handler: 'x', timeout: 20 }) }),
  });
  assert.equal(made.customRuntimeConfig.healthCheckConfig.httpGetUrl, '/ready?x=1');
  assert.equal(made.customRuntimeConfig.healthCheckConfig.failureThreshold, 3);
  assert.equal((await invoke('h-custom', '')).text, 'GET /ready?x=1 GET /ready?x=1 POST /initialize POST /invoke');
});

test('what is wrong with a hook is said by name', async () => {
  const initializer = new FC.LifecycleHook({ handler: 'index.init', timeout: 301 });
  const error = await refused(createFunction('h-wrong', ECHO, {
    instanceLifecycleConfig: new FC.InstanceLifecycleConfig({ initializer }),
  }), 400, 'InvalidArgument');
  assert.match(error.message, /initializer\.timeout 301/);
});
