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

// Filestack's grammar: `task=name:value,name:[a,b]`, and quotes around what has a slash or a comma. It asks nobody, so it answers at once.
const transform = ({ apikey, url, policy, signature }, source, options, base64) => {
  if (!url) throw new Error('bowerbird: init takes {url}: the companion\'s address');
  const snake = object => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined).map(([name, value]) => [
    name.split(/(?=[A-Z])/).join('_').toLowerCase(),
    value && typeof value === 'object' && !Array.isArray(value) ? snake(value) : value,
  ]));
  const write = value => Array.isArray(value) ? `[${value.map(write)}]` : /[/,]/.test(value) ? `"${value}"` : value;
  const urlSafe = text => btoa(String.fromCharCode(...new TextEncoder().encode(text))).replace(/\//g, '_').replace(/\+/g, '-');
  const tasks = Object.entries(snake({ ...options, ...policy && { security: { policy, signature } } }))
    .filter(([name, params]) => params !== false || name === 'cache')
    .map(([name, params]) => ({ name, params: params === true || !Object.keys(params).length && params !== false ? undefined : params }));
  const path = base64 ? tasks.length ? ['b64/' + urlSafe(JSON.stringify(tasks))] : [] : tasks.map(({ name, params }) => name +
    (params === undefined ? '' : '=' + (params === false ? params : Object.entries(params).map(([name, value]) => `${name}:${write(value)}`))));
  const plain = Array.isArray(source) ? write(source) : source;
  return [url, apikey, ...path, base64 ? 'b64://' + urlSafe(plain) : write(source)].join('/');
};

// The calls that draw nothing are in a file of their own, which the first of them loads.
const calls = ['upload', 'multiupload', 'storeURL', 'metadata', 'retrieve', 'download', 'remove', 'removeMetadata', 'logout', 'prefetch', 'export'];

// The package's functions, for glue, wasm and calls at these URLs and a companion that is at `home` unless `init` says otherwise. The
// glue knows where the later chunks of the wasm are, unless that is said here. With hashes they have to be these very bytes.
// Where the element is a file of its own, its URL says so; otherwise it is part of this script.
const create = (glueUrl, wasmUrl, clientUrl, home, chunkUrls, [glueHash, wasmHash, clientHash, elementHash] = [], elementUrl) => {
  let last;

  const naming = (url, promise) => promise.catch(cause => {
    throw new Error(`bowerbird: ${url} could not be loaded (${cause.message})`, { cause });
  });

  // Loads once. A failure is forgotten, so that the next call tries again. A browser may remember for the life of the page that a
  // module failed to load, but only under the URL that was asked for (https://github.com/whatwg/html/issues/6768). A fragment makes
  // it another one without leaving the HTTP cache.
  const once = start => {
    let loading;
    let attempts = 0;
    return () => loading ??= start(attempts++ ? '#' + attempts : '').catch(error => {
      loading = undefined;
      throw error;
    });
  };
  // What is preloaded under a hash is what `import` then gets. An import map could say the same, but strict policies forbid one.
  const verified = (href, integrity) => {
    const link = Object.assign(document.createElement('link'), { rel: 'modulepreload', href, integrity });
    return link.relList.supports(link.rel) && new Promise((resolve, reject) => {
      link.onload = resolve;
      link.onerror = () => reject(new Error('unreachable, or changed'));
      document.head.append(link);
    }).finally(() => link.remove());
  };
  const module = (url, again, hash) => naming(url, Promise.resolve(hash && verified(url + again, hash))
    .then(() => import(/* @vite-ignore */ /* webpackIgnore: true */ url + again)));

  const load = once(async again => {
    const [glue, wasm] = await Promise.all([
      module(glueUrl, again, glueHash),
      naming(wasmUrl, fetch(wasmUrl, { integrity: wasmHash }).then(response => {
        if (response.ok) return response;
        throw new Error('HTTP ' + response.status);
      })),
    ]);
    // Its own script is checked where the glue is.
    Object.assign(glue.chunks, chunkUrls, { module: (url, again, hash) => module(url, again, glueHash && hash) });
    // A page may have the script and the module, or the older script: it is one glue, which must not be started twice.
    await naming(wasmUrl, glue.chunks.ready ??= glue.default({ module_or_path: wasm }));
    return glue;
  });
  const loadCalls = once(again => module(clientUrl, again, clientHash));

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

  // Pages without the element do not fetch what it is made of.
  const whenThere = run => {
    const all = document.getElementsByTagName('bowerbird-picker');
    const observer = new MutationObserver(() => all.length && found());
    const found = () => {
      observer.disconnect();
      run().catch(console.error);
    };
    if (all.length) found();
    else observer.observe(document, { childList: true, subtree: true });
  };

  const connect = (apikey, options) => {
    let client;
    let shows;
    const url = options?.url ?? home;
    const session = { apikey, url: `${url ?? ''}`.replace(/\/+$/, '') };
    let listeners = [];
    // The client has the page's language fetched too. Another policy takes another client; the session is the same.
    const ready = async () => {
      const glue = await load();
      const { policy, signature } = session;
      if (!client || shows !== signature) client = glue.client(apikey, { ...options, url, security: policy && { policy, signature } });
      shows = signature;
      return client;
    };
    // What the calls are told of the site.
    const site = {
      session,
      remembers: options?.sessionCache,
      token: () => client?.token(),
      open: async (...given) => (await ready()).pick(...given),
      emit: (name, ...told) => listeners.filter(([known]) => known === name).forEach(([, listener]) => listener(...told)),
    };
    const setSecurity = security => {
      if (!security) return;
      const { policy, signature } = security;
      if (!policy || !signature) throw new Error('bowerbird: security takes both, {policy, signature}');
      Object.assign(session, { policy, signature });
    };
    setSecurity(options?.security);
    whenLikely(ready);
    const made = {
      session,
      setSecurity,
      // The next pick goes on where the visitor left the page for a sign-in.
      returning: typeof location !== 'undefined' && arrive(apikey),
      pick: async what => (await ready()).pick(what),
      // Made by the glue, which nobody needs to close what was never open.
      picker(what) {
        let made;
        const make = () => made ??= load().then(glue => glue.picker(ready, what)).catch(error => {
          made = undefined;
          throw error;
        });
        const close = async () => (await made)?.close();
        const picker = { close, cancel: close };
        for (const name of ['open', 'crop']) picker[name] = async files => (await make())[name](files);
        return picker;
      },
      transform: (...given) => transform(session, ...given),
      on(name, listener) {
        listeners = [...listeners, [name, listener]];
        return made;
      },
      off(name, listener) {
        listeners = listeners.filter(([known, its]) => known !== name || listener && its !== listener);
        return made;
      },
    };
    for (const name of calls) made[name] = async (...given) => (await loadCalls())[name](site, ...given);
    return made;
  };

  const init = (apikey, options) => last = connect(apikey, options);

  const pick = async what => {
    if (last) return last.pick(what);
    throw new Error('bowerbird: call bowerbird.init(apikey) once before bowerbird.pick()');
  };

  if (elementUrl) whenThere(once(again => module(elementUrl, again, elementHash).then(it => it.defineElement(connect, pick))));
  else defineElement(connect, pick);
  return { init, pick, version };
};
