// `bowerbird.js`: the script that a page includes. It draws nothing and fetches nothing until `init` is called, but it takes up what a
// sign-in brings back.
(() => {
  //= core.js

  // At once, before a router of the page's takes the fragment for one of its own.
  arrive();

  // Null when the script was pasted into the page or imported as a module: then the files are looked for beside the page.
  const here = document.currentScript?.src || document.baseURI;
  const url = name => new URL(name, here).href;
  const bowerbird = create(url('%GLUE%'), url('%WASM%'), url('%CLIENT%'), new URL(here).origin, '',
    ['%GLUEHASH%', '%WASMHASH%', '%CLIENTHASH%', '%ELEMENTHASH%'], url('%ELEMENT%'));

  // Included a second time, by a tag manager say, it must not forget the client that the page has made.
  if (globalThis.bowerbird?.version !== version) globalThis.bowerbird = bowerbird;
})();
