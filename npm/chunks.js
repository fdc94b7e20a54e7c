// Becomes part of the glue: loads the parts of the wasm that the dialog can open without. The wasm imports a function for each, and
// each shares what the wasm exports. What the first of them calls besides is in a script of its own. `bowerbird.mjs` sets the URLs
// where a bundler has put them elsewhere.
export const chunks = {
  later: new URL('./%LATER%', import.meta.url),
  script: new URL('./%SCRIPT%', import.meta.url),
  own: new URL('./%OWN%', import.meta.url),
  editor: new URL('./%EDITOR%', import.meta.url),
  outward: new URL('./%OUTWARD%', import.meta.url),
};
const hashes = { later: '%LATERHASH%', script: '%SCRIPTHASH%', own: '%OWNHASH%', editor: '%EDITORHASH%', outward: '%OUTWARDHASH%' };
const loading = {};
let tries = 0;
const shared = {};
const compile = async response => {
  if (!response.ok) throw new Error('HTTP ' + response.status);
  const streams = response.headers.get('content-type') === 'application/wasm';
  return streams ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
};
const load = name => loading[name] ??= (async () => {
  const [module, script] = await Promise.all([
    fetch(chunks[name], { integrity: hashes[name] }).then(compile),
    // The others lean on this one.
    name === 'later' ? chunks.module(chunks.script, tries++ ? '#' + tries : '', hashes.script) : load('later'),
  ]);
  const imports = { __wasm_split: wasm, $: script?.imports(lend()) };
  // What several need comes with each of them, unless it came with the first; under a number, and is there once.
  for (const bytes of WebAssembly.Module.customSections(module, 'shared')) {
    await (shared[new Uint8Array(bytes)[0]] ??= WebAssembly.instantiate(bytes.slice(1), imports));
  }
  await WebAssembly.instantiate(module, imports);
})().catch(error => {
  delete loading[name];
  throw error;
});
const loads = name => async (callback, data) => {
  const loaded = await load(name).then(() => true, error => {
    console.warn(`bowerbird: ${chunks[name]} could not be loaded (${error.message})`);
    return false;
  });
  wasm.__indirect_function_table.get(callback)(data, loaded);
};

// What a client's `picker` is made by: Filestack's way to open and close, which may be done again and again.
export const picker = (ready, options = {}) => {
  let stop;
  let over;
  const { displayMode, onOpen, onCancel, signal } = options;
  const told = (listener, of) => typeof listener === 'function' ? files => listener(of(files)) : listener;
  const run = async (opened, more) => {
    let again;
    do {
      const picking = (await ready()).pick({
        ...options,
        ...more,
        signal: stop.signal,
        onOpen: told(onOpen, () => picked),
        // Filestack's picker gives an array, and its types promise a response.
        onCancel: told(onCancel, files => Object.assign(files, { filesUploaded: files, filesFailed: [] })),
      });
      // When `pick` returns it is drawn, or refused.
      await Promise.race([picking, null]);
      opened();
      const { filesUploaded, filesFailed } = await picking;
      // A part of the page stays there for more files.
      again = !more && (displayMode === 'dropPane' || displayMode === 'inline' && filesUploaded.length + filesFailed.length);
    } while (again && !stop.signal.aborted);
  };
  const close = async () => {
    stop?.abort();
    await over;
  };
  const open = more => new Promise((resolve, reject) => {
    if (over) return resolve(console.warn('bowerbird: this picker is open already'));
    stop = new AbortController();
    if (signal?.aborted) stop.abort();
    // Once it is drawn nobody waits for what goes wrong.
    let fail = reject;
    const opened = () => {
      fail = console.error;
      resolve();
    };
    over = run(opened, more).catch(error => fail(error)).finally(() => over = null);
  });
  const picked = {
    open: () => open(),
    close,
    cancel: close,
    // Opens the editor of these in the place of a choice.
    crop: cropFiles => open({ cropFiles: Array.isArray(cropFiles) ? cropFiles : [cropFiles] }),
  };
  signal?.addEventListener('abort', close);
  return picked;
};
