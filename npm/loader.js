// `bowerbird.js`: the script that a page includes. It draws nothing and fetches nothing until `init` is called.
(() => {
  //= core.js

  // Null when the script was pasted into the page or imported as a module: then the files are looked for beside the page.
  const here = document.currentScript?.src || document.baseURI;
  const url = name => new URL(name, here).href;
  const bowerbird = create(url('%GLUE%'), url('%WASM%'), new URL(here).origin);

  // Included a second time, by a tag manager say, it must not forget the client that the page has made.
  if (globalThis.bowerbird?.version !== version) globalThis.bowerbird = bowerbird;
})();
