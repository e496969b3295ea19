'use strict';

exports.handler = async (event, context) => {
  const { name = 'world' } = JSON.parse(event.toString() || '{}');
  console.log('greeting', name);
  return `hello ${name}, from ${context.function.name}`;
};
