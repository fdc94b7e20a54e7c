// `filepicker.js`: the functions of Filestack's older script, `window.filepicker`, with Bowerbird's dialog and companion behind them.
// docs/legacy-filepicker.md says what is offered. The dialog is fetched when the page is idle, or at the first pick.
(() => {
  const here = document.currentScript?.src || document.baseURI;
  // What the page set before, and the calls that it made meanwhile, where it includes the script by Filestack's snippet.
  const before = globalThis.filepicker ?? {};
  // Included a second time, it must not forget the key.
  if (before.FPError) return;
  const base = new URL(before.hostname ?? '/', here).href.replace(/\/+$/, '');
  let apikey;

  const words = {
    101: 'The visitor closed the dialog without picking a file.',
    102: 'The pick failed.',
    115: 'There is no such file.',
    118: 'The file could not be read.',
    121: 'There is no such file to write to.',
    123: 'The file could not be written.',
    131: 'The visitor closed the dialog without publishing the file.',
    132: 'The file could not be published.',
    141: 'There is no such file to convert.',
    142: 'The file cannot be converted like this.',
    143: 'The conversion failed.',
    151: 'The storage could not be reached.',
    152: 'What is at the address could not be fetched.',
    153: 'The file could not be stored.',
    161: 'There is no such file to ask about.',
    163: 'What is known of the file could not be asked.',
    171: 'There is no such file to remove.',
    172: 'The companion could not be reached.',
    173: 'The file could not be removed.',
    400: 'The request is not as it should be.',
    403: 'This is not allowed.',
  };
  class FPError {
    constructor(code, text = words[code]) { Object.assign(this, { code, text }); }
    toString() { return `FPError ${this.code}: ${this.text}`; }
  }
  class FilepickerException extends Error {
    constructor(text) { super(text).text = text; }
    toString() { return 'FilepickerException: ' + this.text; }
  }
  const wrong = text => { throw new FilepickerException(text); };
  const warn = text => console.warn('filepicker: ' + text);

  // What goes wrong, and is not the visitor's wish, is never silent.
  const settle = (promise, onSuccess, onError) => void promise.then(value => onSuccess?.(value), cause => {
    const error = cause instanceof FPError ? cause : new FPError(102, cause.message);
    if (typeof onError === 'function') onError(error);
    else if (error.code !== 101 && error.code !== 131) console.error(String(error));
  });
  // So many objects, which may be left out, and the callbacks behind them.
  const read = (given, objects) => {
    const first = given.findIndex(one => typeof one === 'function');
    const start = first < 0 || first > objects ? objects : first;
    return [...Array.from({ length: objects }, (_, at) => at < start && given[at] || {}), ...given.slice(start)];
  };
  const key = () => apikey ?? wrong('API Key not found: call filepicker.setKey(key) first.');
  const list = value => value == null ? [] : typeof value === 'string' ? value.split(/\s*,\s*/) : [].concat(value);

  // In the order of Filestack's numbers, which begin with 1.
  const services = ('COMPUTER DROPBOX FACEBOOK GITHUB GMAIL IMAGE_SEARCH URL WEBCAM GOOGLE_DRIVE SEND_EMAIL INSTAGRAM FLICKR VIDEO ' +
    'EVERNOTE PICASA WEBDAV FTP ALFRESCO BOX SKYDRIVE GDRIVE CUSTOMSOURCE CLOUDDRIVE GENERIC CONVERT AUDIO').split(' ');
  const sources = { COMPUTER: 'local_file_system', FACEBOOK: 'facebook', INSTAGRAM: 'instagram', URL: 'url' };
  const serviceOf = name => String(services[name - 1] ?? name).toUpperCase();
  const clientOf = source => Object.keys(sources).find(name => sources[name] === source) ?? source;
  const sourcesOf = names => {
    const wanted = list(names).map(serviceOf);
    const missing = wanted.filter(name => !sources[name]);
    if (missing.length) warn(`these services are not offered and are left out: ${missing.join(', ')}`);
    return wanted.filter(name => sources[name]).map(name => sources[name]);
  };

  // Those that the dialog has under the same name.
  const same = ['maxSize', 'maxFiles', 'imageDim', 'imageMax', 'imageMin'];
  const ours = ['mimetype', 'mimetypes', 'extension', 'extensions', 'service', 'services', 'openTo', 'container', 'multiple', 'policy',
    'signature', 'language', 'storeLocation', 'storePath', 'storeContainer', 'storeAccess', 'location', 'path', 'access', ...same];
  const optionsOf = (options, several, store) => {
    const ignored = Object.keys(options).filter(name => !ours.includes(name));
    if (ignored.length) warn(`these options are not offered and are ignored: ${ignored.join(', ')}`);
    const types = [...list(options.mimetype), ...list(options.mimetypes)];
    const extensions = [...list(options.extension), ...list(options.extensions)];
    if (types.length && extensions.length) wrong('Cannot pass in both mimetype and extension parameters to the pick function');
    const accept = [...types, ...extensions.map(name => name.replace(/^\.?/, '.'))];
    const what = {};
    if (accept.length && !accept.includes('*/*')) what.accept = accept;
    for (const name of same) if (options[name] != null) what[name] = options[name];
    if (options.language) what.lang = options.language;
    what.maxFiles = several ? Number(what.maxFiles ?? 1000) : 1;
    const named = list(options.services ?? options.service);
    if (named.length || options.openTo) {
      const from = named.length ? sourcesOf(named) : Object.values(sources);
      const first = sourcesOf(options.openTo).filter(name => from.includes(name));
      what.fromSources = [...new Set([...first, ...from])];
    }
    const storeTo = {
      location: store.location ?? options.storeLocation ?? options.location,
      path: store.path ?? options.storePath ?? options.path,
      container: store.container ?? options.storeContainer,
      access: store.access ?? options.storeAccess ?? options.access,
    };
    const said = Object.entries(storeTo).filter(([, value]) => value != null);
    if (said.length) what.storeTo = Object.fromEntries(said);
    return what;
  };

  // The dialog in the place of an iframe of the page's; elsewhere it lies over the page.
  const placeOf = id => {
    if (id == null || id === 'modal' || id === 'window') return {};
    const element = document.getElementById(id) ?? wrong(`Container "${id}" not found: it is 'modal', 'window' or the id of an iframe.`);
    if (element.tagName !== 'IFRAME') return { place: element };
    const place = document.createElement('div');
    const { width, height } = element.getBoundingClientRect();
    const { display } = element.style;
    Object.assign(place.style, { width: width + 'px', height: height + 'px' });
    element.after(place);
    element.style.display = 'none';
    return { place, leave: () => { place.remove(); element.style.display = display; } };
  };

  // A failure is forgotten, so that the next pick tries again; under another address, since a browser remembers failures.
  let loading;
  let attempts = 0;
  const load = () => loading ??= import(new URL('bowerbird.mjs' + (attempts++ ? '#' + attempts : ''), here).href).catch(cause => {
    loading = undefined;
    throw new Error(`the dialog could not be loaded (${cause.message})`, { cause });
  });
  // As at Filestack, a visitor is still signed in at the page's next pick; and the session, which outlives the pick for that, may remove
  // what it stored.
  const sessionCache = before.sessionCache ?? true;
  const clients = {};
  const client = async ({ policy, signature }) => {
    const { init } = await load();
    const security = policy && { policy, signature };
    return clients[JSON.stringify([key(), security])] ??= init(key(), { url: base, sessionCache, security });
  };
  const token = () => {
    try {
      return localStorage[`bowerbird ${base} ${apikey}`];
    } catch {}
  };

  const blobOf = ({ handle, filename, mimetype, size, key, container, originalPath, source, sha256, signature }) => {
    const blob = {
      url: `${base}/api/file/${handle}`, filename, mimetype, size, isWriteable: true, key, container,
      path: originalPath, client: source && clientOf(source), handle, sha256, signature,
    };
    return Object.fromEntries(Object.entries(blob).filter(([, value]) => value != null));
  };
  const picked = async (options, what) => {
    if (what.fromSources?.length === 0) {
      throw new FPError(400, `None of the services is offered; there are: ${Object.keys(sources).join(', ')}.`);
    }
    const { filesUploaded, filesFailed: [failed] } = await (await client(options)).pick(what);
    if (!filesUploaded.length) throw failed ? new FPError(102, failed.error.message) : new FPError(101);
    if (failed) warn(`not every file could be stored: ${failed.error.message}`);
    return filesUploaded.map(blobOf);
  };
  const pick = (options, store, several, select, [onSuccess, onError, onProgress]) => {
    key();
    const closing = new AbortController();
    const what = { ...optionsOf(options, several, store), signal: closing.signal };
    if (onProgress) {
      what.onFileUploadProgress = ({ filename, mimetype, size }, { totalPercent }) =>
        onProgress({ filename, mimetype, size, progress: totalPercent });
    }
    const { place, leave } = placeOf(options.container);
    if (place) Object.assign(what, { displayMode: 'inline', container: place });
    settle(picked(options, what).finally(leave).then(select), onSuccess, onError);
    return { close: () => closing.abort() };
  };

  // By XHR, since fetch does not tell how much has been sent.
  const ask = (codes, method, path, { query = {}, body, kind, onProgress, binary } = {}) => new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const said = Object.entries(query).filter(([, value]) => value != null && typeof value !== 'function');
    request.open(method, `${base}/api/${path}?${new URLSearchParams(said)}`);
    if (kind) request.setRequestHeader('content-type', kind);
    const session = token();
    if (session) request.setRequestHeader('authorization', 'Bearer ' + session);
    request.responseType = 'blob';
    if (onProgress) request.upload.onprogress = ({ loaded, total }) => onProgress(Math.floor(100 * loaded / (total || 1)));
    request.onloadend = async () => {
      const { status, response } = request;
      if (status === 200 && binary) return resolve(response);
      const text = await response?.text() ?? '';
      let told = text;
      try {
        told = JSON.parse(text);
      } catch {}
      if (status === 200) return resolve(told);
      const code = status === 401 || status === 403 ? 403 : codes[status] ?? codes.other;
      reject(new FPError(code, told.error?.text));
    };
    request.send(body);
  });
  const storing = { 0: 151, 400: 400, 502: 152, other: 153 };
  const converting = { 400: 142, 404: 141, 413: 142, 415: 142, 422: 142, 501: 142, other: 143 };

  const handleOf = file => {
    const url = typeof file === 'string' ? file : file?.url;
    const handle = /(?:^|\/)([A-Za-z0-9]{20})(?:\+\w*)?(?:[?#]|$)/.exec(url ?? '')?.[1];
    return handle ?? wrong('Invalid file: it is neither a Blob of a pick nor its url.');
  };
  // What a page may hand over as a file: its bytes and name.
  const bytesOf = (input, { base64decode } = {}) => {
    const element = input?.jquery ? input[0] : input;
    const body = element?.files ? element.files[0] : element;
    if (element?.files && element.files.length !== 1) wrong('The input has to have one file.');
    if (body instanceof Blob) return { body, name: body.name, kind: body.type };
    if (typeof body !== 'string') wrong('Invalid input: it is a file, an input with one, a string, or a Blob of a pick.');
    return { body: base64decode ? Uint8Array.from(atob(body), letter => letter.charCodeAt()) : body, kind: 'text/plain' };
  };
  const placed = ({ location, path, container, access, filename, policy, signature }) => ({
    storeLocation: location, storePath: path, storeContainer: container, storeAccess: access, filename, policy, signature,
  });
  const convert = (file, options, store) => {
    const said = Object.entries({ ...options, ...placed({ ...options, ...store }) }).filter(([name, value]) =>
      value != null && !['location', 'path', 'container', 'access'].includes(name));
    return ask(converting, 'POST', `file/${handleOf(file)}/convert`, { body: new URLSearchParams(said) }).then(blobOf);
  };
  const storeAs = (options, request) => {
    const { location = 'S3', filename, mimetype, path, container, access, policy, signature } = options;
    const query = { key: key(), filename: filename ?? request.name, mimetype, path, container, access, policy, signature };
    return ask(storing, 'POST', `store/${encodeURIComponent(location)}`, { query, ...request }).then(blobOf);
  };
  const storeUrl = (url, options, onProgress) => url.startsWith(base + '/')
    ? convert(url, {}, options) : storeAs(options, { body: new URLSearchParams({ url }), onProgress });

  const notOffered = (name, code, text = `${name} is not offered.`) => (...given) => {
    const error = new FPError(code, text);
    console.error(`filepicker.${name}: ${error}`);
    given.filter(one => typeof one === 'function')[1]?.(error);
  };
  // To Facebook's Pages and Instagram, in the place of Filestack's services.
  const publish = async (file, { container, language, policy, signature, text }) => {
    const { place, leave } = placeOf(container);
    const said = { container: place, displayMode: place && 'inline', lang: language, text };
    const what = Object.fromEntries(Object.entries(said).filter(([, value]) => value != null));
    const opened = client({ policy, signature }).then(it => it.export(handleOf(file), what));
    const { publications } = await opened.catch(cause => { throw new FPError(132, cause.message); }).finally(leave);
    if (!publications.length) throw new FPError(131);
    const done = publications.filter(({ state }) => state !== 'failed');
    if (!done.length) throw new FPError(132, publications[0].error?.message);
    const { url, account: { network } } = done[0];
    return { ...Object(file) === file ? file : { url: file }, client: network.toUpperCase(), remoteUrl: url, publications };
  };
  const exportFile = (file, ...given) => {
    key();
    handleOf(file);
    const [options, onSuccess, onError] = read(given, 1);
    settle(publish(file, options), onSuccess, onError);
  };

  // A button before an input, by the input's `data-fp-*` attributes; what is picked is its value, and its event `change` has the Blobs.
  const constructWidget = input => {
    const said = {};
    for (const { name, value } of input.attributes) {
      if (name.startsWith('data-fp-')) said[name.slice(8).replaceAll('-', '')] = value;
    }
    if (said.apikey) filepicker.setKey(said.apikey);
    const options = {};
    for (const name of ours) {
      const value = said[name.toLowerCase()];
      if (value) options[name] = /^(max|image)/.test(name) ? JSON.parse(value) : value;
    }
    const several = options.multiple === 'true';
    const button = Object.assign(document.createElement('button'), {
      type: 'button', textContent: said.buttontext ?? 'Pick File', className: said.buttonclass ?? '',
      onclick: () => pick(options, {}, several, blobs => {
        input.value = blobs.map(({ url }) => url).join();
        const event = Object.assign(new Event('change', { bubbles: true }), { fpfile: blobs[0], fpfiles: blobs });
        input.dispatchEvent(event);
      }, []),
    });
    input.before(button);
    input.style.display = 'none';
  };

  const filepicker = globalThis.filepicker = {
    FPError, FilepickerException, hostname: before.hostname,
    setKey: given => {
      apikey = given;
      const early = () => client({}).catch(() => {});
      // At once where the address brings a sign-in back, before a router of the page's takes it for one of its own.
      if (location.hash.startsWith('#bowerbird=')) early();
      else (globalThis.requestIdleCallback ?? setTimeout)(early);
    },
    pick: (...given) => {
      const [options, ...callbacks] = read(given, 1);
      return pick(options, {}, false, ([blob]) => blob, callbacks);
    },
    pickMultiple: (...given) => {
      const [options, ...callbacks] = read(given, 1);
      return pick(options, {}, true, blobs => blobs, callbacks);
    },
    pickAndStore: (...given) => {
      const [options, store, ...callbacks] = read(given, 2);
      return pick(options, store, options.multiple || options.maxFiles > 1, blobs => blobs, callbacks);
    },
    store: (input, ...given) => {
      const [options, onSuccess, onError, onProgress] = read(given, 1);
      const stored = input?.url ? storeUrl(input.url, { ...options, filename: options.filename ?? input.filename }, onProgress)
        : storeAs(options, { ...bytesOf(input, options), onProgress });
      settle(stored, onSuccess, onError);
    },
    storeUrl: (url, ...given) => {
      const [options, onSuccess, onError, onProgress] = read(given, 1);
      settle(storeUrl(url, options, onProgress), onSuccess, onError);
    },
    convert: (file, ...given) => {
      const [options, store, onSuccess, onError] = read(given, 2);
      settle(convert(file, options, store), onSuccess, onError);
    },
    remove: (file, ...given) => {
      const [{ policy, signature }, onSuccess, onError] = read(given, 1);
      const codes = { 0: 172, 404: 171, other: 173 };
      settle(ask(codes, 'POST', `file/${handleOf(file)}/remove`, { query: { policy, signature } }).then(() => {}), onSuccess, onError);
    },
    stat: (file, ...given) => {
      const [query, onSuccess, onError] = read(given, 1);
      const known = ask({ 400: 400, 404: 161, other: 163 }, 'GET', `file/${handleOf(file)}/metadata`, { query });
      settle(known.then(told => (told.uploaded && (told.uploaded = new Date(told.uploaded)), told)), onSuccess, onError);
    },
    read: (file, ...given) => {
      const [{ base64encode, policy, signature }, onSuccess, onError] = read(given, 1);
      const codes = { 404: 115, 410: 115, other: 118 };
      const bytes = file?.url || typeof file === 'string'
        ? ask(codes, 'GET', `file/${handleOf(file)}`, { query: { policy, signature }, binary: true })
        : Promise.resolve(new Blob([bytesOf(file).body]));
      const encoded = blob => new Promise((resolve, reject) => {
        const reader = new FileReader();
        reader.onload = () => resolve(reader.result.split(',')[1]);
        reader.onerror = () => reject(new FPError(118));
        reader.readAsDataURL(blob);
      });
      settle(bytes.then(blob => base64encode ? encoded(blob) : blob.text()), onSuccess, onError);
    },
    write: (file, input, ...given) => {
      const [options, onSuccess, onError, onProgress] = read(given, 1);
      const { mimetype, policy, signature } = options;
      const request = { query: { mimetype, policy, signature }, ...bytesOf(input, options), onProgress };
      settle(ask({ 404: 121, other: 123 }, 'POST', `file/${handleOf(file)}`, request).then(blobOf), onSuccess, onError);
    },
    // Ends the session, with all that it is signed in to.
    logout: (...given) => {
      const [, onSuccess, onError] = read(given, 1);
      const body = JSON.stringify({ apikey: key(), token: token() });
      const ended = fetch(base + '/auth/logout', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
      settle(ended.then(({ ok }) => {
        if (!ok) throw new FPError(403);
        try {
          delete localStorage[`bowerbird ${base} ${apikey}`];
        } catch {}
      }, () => { throw new FPError(172); }), onSuccess, onError);
    },
    export: exportFile, exportFile, constructWidget,
  };
  for (const name of ['pickFolder', 'processImage', 'writeUrl', 'makeDropPane', 'responsive']) {
    filepicker[name] = notOffered(name, 400);
  }
  for (const [name, given] of before._queue ?? []) filepicker[name]?.(...given);

  const widgets = () => document.querySelectorAll('input[type^=filepicker]').forEach(constructWidget);
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', widgets);
  else widgets();
})();
