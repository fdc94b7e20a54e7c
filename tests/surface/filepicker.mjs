// Runs `filepicker.js` on a stand-in of a page, and checks what reaches the dialog and the companion. Its path is the argument.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const source = readFileSync(process.argv[2], 'utf8').replace('import(', 'imported(');
const photo = {
  filename: '17.jpg', handle: 'abcdefghijABCDEFGHIJ', url: 'https://files.example/abcdefghijABCDEFGHIJ', mimetype: 'image/jpeg',
  size: 9, source: 'instagram', originalPath: '/17.jpg', key: 'x/17.jpg',
};
const base = 'https://photos.example';
const url = `${base}/api/file/${photo.handle}`;
const blob = {
  url, filename: '17.jpg', mimetype: 'image/jpeg', size: 9, isWriteable: true, key: 'x/17.jpg', path: '/17.jpg', client: 'INSTAGRAM',
  handle: photo.handle,
};

// A page whose dialog answers so, and whose companion answers with this status and text.
const page = ({ before, picks = () => ({ filesUploaded: [photo], filesFailed: [] }), status = 200, text = '"success"' } = {}) => {
  const seen = { picks: [], inits: [], requests: [], warned: [], errors: [], imported: [] };
  class XMLHttpRequest {
    upload = {};
    headers = {};
    open(method, address) { Object.assign(this, { method, address }); }
    setRequestHeader(name, value) { this.headers[name] = value; }
    send(body) {
      seen.requests.push([this.method, this.address.replace(base, ''), String(body ?? ''), this.headers.authorization]);
      Object.assign(this, { status, response: status ? new Blob([text]) : null });
      queueMicrotask(() => this.onloadend());
    }
  }
  const globals = {
    globalThis: { filepicker: before, setTimeout: () => {} },
    document: { currentScript: { src: `${base}/filepicker.js` }, getElementById: () => null, querySelectorAll: () => [] },
    location: { hash: '' },
    localStorage: { [`bowerbird ${base} K`]: 'T' },
    imported: async address => {
      seen.imported.push(address);
      const init = (...given) => (seen.inits.push(given), { pick: async what => (seen.picks.push(what), picks(what)) });
      return { init };
    },
    XMLHttpRequest,
    console: { warn: words => seen.warned.push(words), error: words => seen.errors.push(words) },
  };
  new Function(...Object.keys(globals), source)(...Object.values(globals));
  const { filepicker } = globals.globalThis;
  // Calls it, and gives what the callbacks got.
  const call = (name, ...given) => new Promise(resolve =>
    filepicker[name](...given, blob => resolve(blob), error => resolve([error.code, String(error)])));
  return { filepicker, seen, call };
};
const keyed = how => {
  const made = page(how);
  made.filepicker.setKey('K');
  return made;
};

// What is picked.
{
  const { seen, call } = keyed();
  assert.deepEqual(await call('pick', { mimetypes: ['image/*'], services: ['INSTAGRAM'] }), blob);
  const { signal, ...what } = seen.picks[0];
  assert.deepEqual(what, { accept: ['image/*'], maxFiles: 1, fromSources: ['instagram'] });
  assert.ok(signal instanceof AbortSignal);
  assert.deepEqual(seen.inits, [['K', { url: base, sessionCache: true, security: undefined }]]);
  assert.deepEqual(seen.imported, [`${base}/bowerbird.mjs`]);
}
for (const [options, expected] of [
  [{}, { maxFiles: 1 }],
  [{ mimetype: 'image/png, text/plain' }, { accept: ['image/png', 'text/plain'], maxFiles: 1 }],
  [{ mimetype: '*/*', maxFiles: 7 }, { maxFiles: 1 }],
  [{ extension: 'png', extensions: ['.gif'] }, { accept: ['.png', '.gif'], maxFiles: 1 }],
  [{ services: [3, '11', 'computer'] }, { fromSources: ['facebook', 'instagram', 'local_file_system'], maxFiles: 1 }],
  [{ service: 'URL', openTo: 'FACEBOOK' }, { fromSources: ['url'], maxFiles: 1 }],
  [{ openTo: 'INSTAGRAM' }, { fromSources: ['instagram', 'local_file_system', 'facebook', 'url'], maxFiles: 1 }],
  [{ maxSize: 5, language: 'de', container: 'modal' }, { maxSize: 5, lang: 'de', maxFiles: 1 }],
  [{ storeLocation: 'S3', storePath: 'a/', storeContainer: 'b', storeAccess: 'public' },
    { storeTo: { location: 'S3', path: 'a/', container: 'b', access: 'public' }, maxFiles: 1 }],
]) {
  const { seen, call } = keyed();
  await call('pick', options);
  const { signal, ...what } = seen.picks[0];
  assert.deepEqual(what, expected, JSON.stringify(options));
  assert.deepEqual(seen.warned, []);
}
{
  const { seen, call } = keyed();
  assert.deepEqual(await call('pickMultiple', { maxFiles: 3 }), [blob]);
  assert.deepEqual(await call('pickAndStore', { multiple: true }, { location: 'S3', path: 'p/', container: 'c' }), [blob]);
  assert.deepEqual(await call('pickAndStore', {}, {}), [blob]);
  assert.deepEqual(await call('pickMultiple'), [blob]);
  assert.deepEqual(seen.picks.map(what => what.maxFiles), [3, 1000, 1, 1000]);
  assert.deepEqual(seen.picks[1].storeTo, { location: 'S3', path: 'p/', container: 'c' });
  await call('pick', { policy: 'P', signature: 'S' });
  assert.deepEqual(seen.inits.map(([, { security }]) => security), [undefined, { policy: 'P', signature: 'S' }]);
}

// What goes wrong.
{
  const { seen, call, filepicker } = keyed();
  assert.equal((await call('pick', { services: ['DROPBOX', 'FLICKR'] }))[0], 400);
  assert.match(seen.warned[0], /DROPBOX, FLICKR/);
  await call('pick', { services: ['DROPBOX', 'FACEBOOK'], debug: true });
  assert.deepEqual([seen.picks.length, seen.picks[0].fromSources], [1, ['facebook']]);
  assert.match(seen.warned[1] + seen.warned[2], /debug/);
  assert.throws(() => filepicker.pick({ mimetype: 'a/b', extension: 'c' }), filepicker.FilepickerException);
  assert.throws(() => filepicker.pick({ container: 'none' }), /"none" not found/);
  assert.throws(() => filepicker.convert({ url: 'https://elsewhere.example/' }, {}), /Invalid file/);
  assert.throws(() => filepicker.store(5), /Invalid input/);
  assert.throws(() => page().filepicker.pick({}), /setKey/);
}
for (const [picks, code, words] of [
  [() => ({ filesUploaded: [], filesFailed: [] }), 101, 'closed'],
  [() => ({ filesUploaded: [], filesFailed: [{ error: { message: 'gone' } }] }), 102, 'gone'],
  [() => { throw new Error('another dialog is open'); }, 102, 'another dialog'],
]) {
  const { seen, call, filepicker } = keyed({ picks });
  const [told, text] = await call('pick');
  assert.ok(told === code && text.startsWith(`FPError ${code}: `) && text.includes(words), text);
  filepicker.pick({});
  await new Promise(resolve => setTimeout(resolve, 5));
  assert.equal(seen.errors.length, code === 101 ? 0 : 1, 'nothing is silent but the visitor\'s own wish');
}

// What is asked of the companion.
{
  const { seen, call } = keyed({ text: JSON.stringify({ ...photo, source: undefined, originalPath: undefined }) });
  const { path, client, ...made } = blob;
  assert.deepEqual(await call('convert', blob, { width: 400, crop: [1, 2, 3, 4] }, { location: 'S3', path: 'p/' }), made);
  assert.deepEqual(await call('convert', url, { width: 1, policy: 'P', signature: 'S' }), made);
  await call('store', 'words', { filename: 'w.txt' });
  await call('store', new Blob(['bytes'], { type: 'image/png' }), { location: 'gcs', path: 'p/' });
  await call('store', blob, { path: 'q/' });
  await call('storeUrl', 'https://elsewhere.example/a.png', {});
  await call('write', blob, 'words');
  assert.deepEqual(seen.requests.map(([method, address, body]) => [method, address, body]), [
    ['POST', `/api/file/${photo.handle}/convert?`, 'width=400&crop=1%2C2%2C3%2C4&storeLocation=S3&storePath=p%2F'],
    ['POST', `/api/file/${photo.handle}/convert?`, 'width=1&policy=P&signature=S'],
    ['POST', '/api/store/S3?key=K&filename=w.txt', 'words'],
    ['POST', '/api/store/gcs?key=K&path=p%2F', '[object Blob]'],
    ['POST', `/api/file/${photo.handle}/convert?`, 'storePath=q%2F&filename=17.jpg'],
    ['POST', '/api/store/S3?key=K', 'url=https%3A%2F%2Felsewhere.example%2Fa.png'],
    ['POST', `/api/file/${photo.handle}?`, 'words'],
  ]);
  assert.ok(seen.requests.every(([, , , bearer]) => bearer === 'Bearer T'), 'in the session of the picks');
}
{
  const { seen, call } = keyed();
  assert.equal(await call('remove', blob), undefined);
  assert.deepEqual(seen.requests[0].slice(0, 2), ['POST', `/api/file/${photo.handle}/remove?`]);
  const known = await keyed({ text: '{"size":9,"uploaded":1504120869761.631}' }).call('stat', blob, { size: true });
  assert.deepEqual(known, { size: 9, uploaded: new Date(1504120869761) });
  assert.equal(await keyed({ text: 'the words' }).call('read', blob), 'the words');
}
for (const [name, given, status, code] of [
  ['convert', [{ width: 1 }, {}], 400, 142],
  ['convert', [{ width: 1 }, {}], 404, 141],
  ['convert', [{ width: 1 }, {}], 422, 142],
  ['convert', [{ width: 1 }, {}], 500, 143],
  ['remove', [{}], 401, 403],
  ['remove', [{}], 403, 403],
  ['remove', [{}], 404, 171],
  ['remove', [{}], 0, 172],
  ['stat', [{}], 404, 161],
  ['read', [{}], 404, 115],
  ['read', [{}], 502, 118],
  ['processImage', [{}], 200, 400],
]) {
  const { seen, call } = keyed({ status, text: '{"error":{"text":"the reason","code":"x"}}' });
  const told = await call(name, blob, ...given);
  assert.equal(told[0], code, `${name} ${status}: ${told}`);
}

// Filestack's snippet, whose calls are made before the script is there.
{
  const queue = [];
  const got = new Promise(resolve => queue.push(['setKey', ['K']], ['pick', [{}, resolve]]));
  const { filepicker, seen } = page({ before: { _queue: queue, hostname: 'https://www.my.host', sessionCache: false } });
  assert.equal((await got).url, `https://www.my.host/api/file/${photo.handle}`);
  assert.deepEqual(seen.inits[0][1], { url: 'https://www.my.host', sessionCache: false, security: undefined });
  assert.deepEqual(seen.imported, [`${base}/bowerbird.mjs`]);
  const again = page({ before: filepicker });
  assert.equal(again.filepicker, filepicker, 'included twice, it goes on');
}
