// Becomes part of the glue: loads the parts of the wasm that the dialog can open without. The wasm imports a function for each, and
// each shares what the wasm exports. `bowerbird.mjs` sets the URLs where a bundler has put them elsewhere.
export const chunks = {
  later: new URL('./%LATER%', import.meta.url),
  own: new URL('./%OWN%', import.meta.url),
  editor: new URL('./%EDITOR%', import.meta.url),
  outward: new URL('./%OUTWARD%', import.meta.url),
};
const hashes = { later: '%LATERHASH%', own: '%OWNHASH%', editor: '%EDITORHASH%', outward: '%OUTWARDHASH%' };
const loading = {};
const shared = {};
const load = name => loading[name] ??= (async () => {
  const response = await fetch(chunks[name], { integrity: hashes[name] });
  if (!response.ok) throw new Error('HTTP ' + response.status);
  const streams = response.headers.get('content-type') === 'application/wasm';
  const module = await (streams ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer()));
  // The others lean on this one.
  if (name !== 'later') await load('later');
  const imports = { __wasm_split: wasm };
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
