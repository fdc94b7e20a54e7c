// `bowerbird.mjs`: the same as an ES module. Importing it touches neither window nor document, so a server may render with it.
//= core.js

// Bundlers read this very form, `new URL(name, import.meta.url)`, and bring the files along.
const glue = new URL('./%GLUE%', import.meta.url).href;
const wasm = new URL('./%WASM%', import.meta.url).href;
const later = new URL('./%LATER%', import.meta.url).href;

// Only a module that the browser itself fetched tells where the companion is; bundled code may have a `file:` URL.
const home = import.meta.url.startsWith('http') ? new URL(import.meta.url).origin : undefined;

export const { init, pick } = create(glue, wasm, home, later);
export { version };
