// What the classic script and the ES module share. `cargo xtask dist` puts this text where they say `//= core.js`,
// fills in the names between percent signs and takes out the lines that are comments.

const version = '%VERSION%';

// The package's functions, for glue and wasm at these URLs and a companion that is at `home` unless `init` says otherwise.
const create = (glueUrl, wasmUrl, home) => {
  let loading;
  let attempts = 0;
  let last;

  const naming = (url, promise) => promise.catch(cause => {
    throw new Error(`bowerbird: ${url} could not be loaded (${cause.message})`, { cause });
  });

  const start = async () => {
    // A browser may remember for the life of the page that a module failed to load, but only under the URL that was
    // asked for (https://github.com/whatwg/html/issues/6768). A fragment makes it another one without leaving the HTTP cache.
    const again = attempts++ ? '#' + attempts : '';
    const [glue, wasm] = await Promise.all([
      naming(glueUrl, import(/* @vite-ignore */ /* webpackIgnore: true */ glueUrl + again)),
      naming(wasmUrl, fetch(wasmUrl).then(response => {
        if (response.ok) return response;
        throw new Error('HTTP ' + response.status);
      })),
    ]);
    await naming(wasmUrl, glue.default({ module_or_path: wasm }));
    return glue;
  };

  // A failure is forgotten, so that the next pick tries again.
  const load = () => loading ??= start().catch(error => {
    loading = undefined;
    throw error;
  });

  // Fetching early must not delay the page, nor cost a visitor who asked to save data; the first pick fetches then.
  const early = () => (globalThis.requestIdleCallback ?? (run => setTimeout(run, 200)))(() => load().catch(() => {}));
  const loadWhenIdle = () => {
    if (typeof document === 'undefined' || navigator.connection?.saveData) return;
    if (document.readyState === 'complete') early();
    else addEventListener('load', early, { once: true });
  };

  const init = (apikey, options) => {
    let client;
    loadWhenIdle();
    return last = {
      pick: async what => {
        const glue = await load();
        client ??= glue.client(apikey, { ...options, url: options?.url ?? home });
        return client.pick(what);
      },
    };
  };

  const pick = async what => {
    if (last) return last.pick(what);
    throw new Error('bowerbird: call bowerbird.init(apikey) once before bowerbird.pick()');
  };

  return { init, pick, version };
};
