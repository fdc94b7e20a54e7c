// Filestack's client in Node: one line of JSON in, one out.

// Its HTTP adapter passes host and port together as `host`, which Node then looks up as a name.
const http = require('node:http');
const request = http.request;
http.request = (options, ...rest) => request({ ...options, host: options.host?.split(':')[0] }, ...rest);

// Standard output is the answers'.
console.info = console.log = console.error;

const { serve } = require('./harness.js');
const filestack = require('filestack-js');
const answer = serve(filestack, bytes => Buffer.from(bytes));

require('node:readline').createInterface({ input: process.stdin }).on('line', async line => {
  process.stdout.write(JSON.stringify(await answer(JSON.parse(line))) + '\n');
});
