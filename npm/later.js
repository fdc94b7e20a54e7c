// Becomes part of the glue: loads what the dialog can open without. The wasm imports the function by this name, and the chunk
// shares what the wasm exports. `bowerbird.mjs` sets the URL where a bundler has put the chunk elsewhere.
export const later = { url: new URL('./%LATER%', import.meta.url) };
const __wasm_split_load_later = async (callback, data) => {
  let loaded = false;
  try {
    const response = await fetch(later.url);
    if (!response.ok) throw new Error('HTTP ' + response.status);
    await __wbg_load(response, { __wasm_split: wasm });
    loaded = true;
  } catch (error) {
    console.warn(`bowerbird: ${later.url} could not be loaded (${error.message})`);
  }
  wasm.__indirect_function_table.get(callback)(data, loaded);
};
