// Sends what Uppy's Companion asks of Facebook to the emulator: it has no setting for that. Both its HTTP client and its OAuth
// library call `https.request`.
import http from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';

const emulator = new URL(process.env.BENCH_EMULATOR);
// As the client would keep connections to Facebook open.
const agent = new http.Agent({ keepAlive: true });
const hosts = new Set(['graph.facebook.com', 'www.facebook.com', 'api.facebook.com']);
const request = https.request;

https.request = function (...given) {
  let [url, options, callback] = given;
  if (typeof url === 'string') url = new URL(url);
  if (!(url instanceof URL)) [url, options, callback] = [null, url, options];
  if (typeof options === 'function') [options, callback] = [{}, options];
  const host = options?.hostname ?? options?.host ?? url?.hostname;
  if (!hosts.has(host)) return request.apply(this, given);
  const path = options?.path ?? `${url.pathname}${url.search}`;
  const { method, headers, signal, timeout } = { ...options };
  return http.request(
    { agent, hostname: emulator.hostname, port: emulator.port, path: `/${host}${path}`, method, headers, signal, timeout },
    callback,
  );
};
syncBuiltinESMExports();
