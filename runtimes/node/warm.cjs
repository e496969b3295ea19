// What a stem does while it has time: what many handlers load, and what the first call runs.
'use strict';

const { makeContext } = require('./context.cjs');
const handlers = require('./handler.cjs');

function warmUp() {
  // FC's handlers are mostly small and call something over HTTP.
  for (const name of ['assert', 'buffer', 'crypto', 'dns', 'events', 'fs', 'http', 'https', 'os', 'path',
    'querystring', 'stream', 'timers', 'tls', 'url', 'util', 'zlib']) require(name);
  require('./nothing.cjs');
  const call = { requestId: '', credentials: {}, retryCount: 0 };
  JSON.parse(JSON.stringify({ a: [1, 2.5, 'x'] }));
  handlers.call((event) => event.toString(), Buffer.from('{}'), makeContext({}, call));
}

module.exports = { warmUp };
