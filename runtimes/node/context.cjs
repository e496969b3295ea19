// FC's `context` object.
'use strict';

const logs = require('./logs.cjs');

function makeContext(fixed, call) {
  const keys = call.credentials || {};
  return {
    requestId: call.requestId,
    credentials: {
      accessKeyId: keys.accessKeyId || '',
      accessKeySecret: keys.accessKeySecret || '',
      securityToken: keys.securityToken || '',
    },
    function: { name: '', handler: '', memory: 0, timeout: 0, ...fixed.function },
    service: { name: '', logProject: '', logStore: '', qualifier: '', versionId: '', ...fixed.service },
    region: fixed.region || '',
    accountId: fixed.accountId || '',
    logger: logs.logger,
    tracing: { openTracingSpanContext: '', openTracingSpanBaggages: {}, jaegerEndpoint: '' },
    retryCount: call.retryCount || 0,
  };
}

module.exports = { makeContext };
