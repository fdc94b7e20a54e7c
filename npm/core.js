// What the classic script and the ES module share. `cargo xtask dist` puts this text where they say `//= core.js`,
// fills in the names between percent signs and takes out the lines that are comments.

const version = '%VERSION%';

// A sign-in's window that could not speak to its page ends at an address of the site's own, with what it has to hand over behind
// `#bowerbird=`. Where this tab itself was left for the sign-in, its way back lies in `sessionStorage`: the code is put there for
// the next pick, on the page that was left. Otherwise the tab that waits is another one; it answers, and this window can go.
// Answers whether the visitor is back from a sign-in here.
const arrive = apikey => {
  const handed = /^#bowerbird=(\w+)\.([\w-]*)$/.exec(location.hash);
  let way;
  try {
    way = JSON.parse(sessionStorage.bowerbird);
  } catch {}
  // On the way back to the page that was left, another page of the site's must not take the visitor in.
  if (!handed) return way?.code != null && way.href === location.href && !!way.site?.endsWith(' ' + apikey);
  const [, attempt, code] = handed;
  const bare = location.pathname + location.search;
  history.replaceState(history.state, '', bare);
  if (way?.attempt === attempt) {
    way.code = code;
    sessionStorage.bowerbird = JSON.stringify(way);
    const left = new URL(way.href);
    // Only an address of this very origin is gone to, and a fragment alone does not load anything.
    if (left.origin === location.origin && left.href !== location.href) {
      if (left.pathname + left.search === bare) history.replaceState(history.state, '', left);
      else location.replace(left);
    }
    return arrive(apikey);
  }
  const channel = new BroadcastChannel('bowerbird');
  channel.onmessage = ({ data }) => data?.bowerbird?.received === attempt && close();
  channel.postMessage({ bowerbird: { attempt, code } });
  return false;
};

// The package's functions, for glue and wasm at these URLs and a companion that is at `home` unless `init` says otherwise. The glue
// knows where the later chunk of the wasm is, unless that is said here.
const create = (glueUrl, wasmUrl, home, laterUrl) => {
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
    if (laterUrl) glue.later.url = laterUrl;
    await naming(wasmUrl, glue.default({ module_or_path: wasm }));
    return glue;
  };

  // A failure is forgotten, so that the next pick tries again.
  const load = () => loading ??= start().catch(error => {
    loading = undefined;
    throw error;
  });

  // Fetching early must not delay the page, nor cost a visitor who asked to save data; the first pick fetches then. Whoever comes
  // near something to press, by pointer or by keyboard, may be about to pick.
  const whenLikely = run => {
    if (typeof document === 'undefined' || navigator.connection?.saveData) return;
    const nearing = ['pointerover', 'focusin'];
    const early = () => {
      for (const name of nearing) removeEventListener(name, near);
      run().catch(() => {});
    };
    const near = ({ target }) =>
      target.closest?.('button, a, label, input, summary, [role=button], bowerbird-picker') && early();
    for (const name of nearing) addEventListener(name, near, { passive: true });
    const idle = () => (globalThis.requestIdleCallback ?? (run => setTimeout(run, 200)))(early);
    if (document.readyState === 'complete') idle();
    else addEventListener('load', idle, { once: true });
  };

  const connect = (apikey, options) => {
    let client;
    // The client has the page's language fetched too.
    const ready = async () => {
      const glue = await load();
      return client ??= glue.client(apikey, { ...options, url: options?.url ?? home });
    };
    whenLikely(ready);
    return {
      // The next pick goes on where the visitor left the page for a sign-in.
      returning: typeof location !== 'undefined' && arrive(apikey),
      pick: async what => (await ready()).pick(what),
    };
  };

  const init = (apikey, options) => last = connect(apikey, options);

  const pick = async what => {
    if (last) return last.pick(what);
    throw new Error('bowerbird: call bowerbird.init(apikey) once before bowerbird.pick()');
  };

  defineElement(connect, pick);
  return { init, pick, version };
};
