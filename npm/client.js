// The calls of a client that draw nothing, loaded with the first of them. The first argument is what the loader knows of the site: its
// `session` (key, address, policy), the picker's token, and whom to tell. Names, arguments and answers are those of Filestack's client.

const complain = (text, more) => {
  throw Object.assign(new Error('bowerbird: ' + text), more);
};

// What the companion said when it refused: `code` is to act on, `status` and `response` are as in Filestack's client.
const refusal = (status, text, headers) => {
  let data = text;
  try {
    data = JSON.parse(text);
  } catch {}
  const { code, text: reason } = data?.error ?? {};
  return Object.assign(new Error('bowerbird: ' + (reason ?? 'HTTP ' + status)), { code, status, response: { status, data, headers } });
};

const address = ({ session: { url } }, path, query = {}) => {
  if (!url) complain('init takes {url}: the companion\'s address');
  const whole = new URL(url + path);
  for (const [name, value] of Object.entries(query)) if (value || value === false) whole.searchParams.set(name, value);
  return whole;
};

const ask = async (url, init) => {
  const response = await fetch(url, { credentials: 'omit', ...init }).catch(cause => {
    if (init?.signal?.aborted) throw cause;
    complain(`${url.origin} cannot be reached (${cause.message})`, { cause });
  });
  if (response.ok) return response;
  throw refusal(response.status, await response.text(), Object.fromEntries(response.headers));
};

const post = async (site, path, body, init) => {
  const headers = { 'content-type': 'application/json' };
  return (await ask(address(site, path), { method: 'POST', headers, body: JSON.stringify(body), ...init })).json();
};

const policyOf = ({ session }, security) => {
  const { policy, signature } = security?.policy && security.signature ? security : session;
  return { policy, signature };
};

const remembered = ({ session: { apikey, url } }) => `bowerbird ${url} ${apikey}`;

// Without a policy, the session that stored a file may do with it what a policy could allow. The picker has its token; while that is
// not loaded, a session that outlives the page is where the picker keeps it.
const token = site => {
  try {
    return site.token() || (site.remembers && localStorage.getItem(remembered(site))) || undefined;
  } catch {}
};

// What shows that a file may be dealt with.
const shown = (site, security) => {
  const policy = policyOf(site, security);
  const bearer = !policy.policy && token(site);
  return [policy, bearer ? { headers: { authorization: 'Bearer ' + bearer } } : {}];
};

const needsHandle = (handle, call) => {
  if (typeof handle !== 'string' || !handle) complain(`${call} takes a file's handle`);
  return '/' + encodeURIComponent(handle);
};

export const metadata = async (site, handle, options, security) => {
  const path = `/api/file${needsHandle(handle, 'metadata')}/metadata`;
  const [policy, init] = shown(site, security);
  const query = { ...options, source_url: options?.sourceUrl, ...policy };
  return { ...await (await ask(address(site, path, query), init)).json(), handle };
};

export const retrieve = async (site, handle, { metadata, head, extension, ...others } = {}, security) => {
  if (head && metadata) complain('retrieve takes head or metadata, not both');
  const path = '/api/file' + needsHandle(handle, 'retrieve') + (extension ? '+' + encodeURIComponent(extension) : '') + (metadata ? '/metadata' : '');
  const [policy, init] = shown(site, security);
  const response = await ask(address(site, path, { ...others, key: site.session.apikey, ...policy }), { ...init, method: head ? 'HEAD' : 'GET' });
  if (head) return Object.fromEntries(response.headers);
  return metadata ? response.json() : response.blob();
};

export const download = async (site, handle, security) => {
  const [policy, init] = shown(site, security);
  const response = await ask(address(site, needsHandle(handle, 'download'), policy), init);
  const { status, statusText } = response;
  return { status, statusText, headers: Object.fromEntries(response.headers), data: await response.blob() };
};

export const remove = async (site, handle, security, skip_storage) => {
  const path = '/api/file' + needsHandle(handle, 'remove');
  const [policy, init] = shown(site, security);
  if (!policy.policy && !init.headers) complain('remove takes a security policy, or the session that stored the file');
  const response = await ask(address(site, path, { key: site.session.apikey, ...policy, skip_storage }), { ...init, method: 'DELETE' });
  return { status: response.status, data: await response.text() };
};

export const removeMetadata = (site, handle, security) => remove(site, handle, security, true);

export const logout = async (site, source) => {
  const clouds = source ? { [source]: {} } : undefined;
  const answer = await post(site, '/auth/logout', { apikey: site.session.apikey, flow: 'web', token: token(site), clouds });
  if (answer[source]?.error) complain(answer[source].error.text, { code: answer[source].error.code });
  try {
    // The picker begins anew when its token is none any more.
    if (!source) localStorage.removeItem(remembered(site));
  } catch {}
  return source ? answer[source] : answer;
};

export const prefetch = async (site, { pickerOptions, settings = [], permissions, events } = {}) => {
  const { policy, signature } = site.session;
  const security = policy ? { policy, signature } : undefined;
  const wanted = [...new Set([...settings, 'inapp_browser'])];
  const answer = await post(site, '/prefetch', { apikey: site.session.apikey, security, permissions, settings: wanted, events });
  return { ...answer, pickerOptions };
};

// Names that are not known are told, since whoever wrote them means something by them.
const check = (what, object, known) => {
  if (Object(object) !== object) complain(`the ${what} are to be an object`);
  for (const name of Object.keys(object)) {
    if (!known.includes(name)) complain(`the ${what} have no '${name}'; there are: ${known.join(', ')}`);
  }
};
const STORE = ['filename', 'mimetype', 'altText', 'location', 'path', 'container', 'region', 'access', 'base64decode', 'workflows',
  'disableStorageKey', 'tags', 'sanitizer'];
const UPLOAD = ['partSize', 'concurrency', 'onProgress', 'progressInterval', 'onRetry', 'retry', 'retryFactor', 'retryMaxTime', 'timeout',
  'intelligent', 'intelligentChunkSize', 'disableIntegrityCheck', 'tags'];

export const storeURL = async (site, url, store = {}, control, security, upload_tags, headers, workflows) => {
  if (typeof url !== 'string' || !url) complain('storeURL takes an address');
  check('store options', store, STORE);
  const { tags, mimetype, altText, sanitizer, ...params } = store;
  const policy = policyOf(site, security);
  const tasks = [{ name: 'store', params: Object.keys(params).length ? params : undefined }];
  if (policy.policy) tasks.push({ name: 'security', params: policy });
  if (workflows?.length) tasks.push({ name: 'store', params: { workflows } });
  const aborter = new AbortController();
  if (control) control.cancel = () => aborter.abort();
  const body = { apikey: site.session.apikey, sources: headers ? [{ source: url, headers }] : [url], tasks, upload_tags: upload_tags ?? tags };
  const { upload_tags: uploadTags, ...stored } = await post(site, '/process', body, { signal: aborter.signal });
  return { ...stored, uploadTags, mimetype: stored.type ?? stored.mimetype };
};

const DATA_URI = /^data:([a-z]*\/[a-z0-9.+-]*);base64,(.*)$/i;

// A `File`, a `Blob`, base64 as it is or in a data URI, or `{file, name}` with one of them.
const read = input => {
  const isNamed = Object(input) === input && input.file && !(input instanceof Blob);
  const file = isNamed ? input.file : input;
  const name = isNamed ? input.name : undefined;
  if (file instanceof Blob) return { blob: file, name: name ?? file.name };
  if (typeof file === 'string') {
    const [, type, base64] = DATA_URI.exec(file) ?? [, '', file];
    try {
      return { blob: new Blob([Uint8Array.from(atob(base64), letter => letter.charCodeAt())], { type }), name };
    } catch {}
  }
  return complain('upload takes a File, a Blob, or a string of base64');
};

// As Filestack's client cleans names, so that a file has the same one here.
const clean = (name, sanitizer = true) => {
  if (!sanitizer) return name;
  const { exclude = [...'\\{}|%\x60"\'~[]#^<>'], replacement = '-' } = sanitizer;
  if (!name) return 'undefined';
  const dot = name.lastIndexOf('.');
  const stem = dot < 0 ? name : name.slice(0, dot);
  return [...stem].map(letter => exclude.includes(letter) ? replacement : letter).join('') + (dot < 0 ? '' : name.slice(dot));
};

// Not `fetch`, which does not tell how much of a body is sent.
const transfer = (method, url, body, { signal, timeout, onProgress }) => new Promise((resolve, reject) => {
  const call = new XMLHttpRequest();
  const stop = () => call.abort();
  call.open(method, url);
  call.timeout = timeout;
  if (method === 'POST') call.setRequestHeader('content-type', 'application/json');
  if (onProgress) call.upload.onprogress = ({ loaded }) => onProgress(loaded);
  call.onload = () => {
    if (call.status < 300) return resolve(call);
    const wait = Number(call.getResponseHeader('retry-after'));
    reject(Object.assign(refusal(call.status, call.responseText, {}), { wait }));
  };
  call.onerror = () => reject(new Error(`bowerbird: ${new URL(url).origin} cannot be reached`));
  call.ontimeout = () => reject(new Error(`bowerbird: ${new URL(url).origin} has not answered in ${timeout} ms`));
  call.onabort = () => reject(new DOMException('bowerbird: the upload was cancelled', 'AbortError'));
  call.onloadend = () => signal.removeEventListener('abort', stop);
  signal.addEventListener('abort', stop);
  call.send(method === 'POST' ? JSON.stringify(body) : body);
  if (signal.aborted) stop();
});

const pause = (milliseconds, signal) => new Promise(resolve => {
  const timer = setTimeout(resolve, milliseconds);
  signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
});

// So many at a time; the others wait in turn.
const limit = most => {
  const waiting = [];
  return async run => {
    if (most > 0) most--;
    else await new Promise(go => waiting.push(go));
    try {
      return await run();
    } finally {
      if (waiting.length) waiting.shift()();
      else most++;
    }
  };
};

// Answers a file each, in order; one that failed has `status: 'Failed'` and its `error`.
export const multiupload = async (site, inputs, options = {}, store = {}, control, security) => {
  check('upload options', options, UPLOAD);
  check('store options', store, STORE);
  if (control && Object(control) !== control) complain('the upload\'s token is to be an object');
  const { filename, mimetype, altText, sanitizer, tags: storeTags, base64decode, workflows, ...where } = store;
  const { partSize = 6 * 1024 * 1024, concurrency = 3, onProgress, progressInterval = 1000, timeout = 120_000 } = options;
  const { onRetry, retry = 10, retryFactor = 2, retryMaxTime = 15_000, tags: upload_tags = storeTags } = options;
  const caller = { apikey: site.session.apikey, ...policyOf(site, security) };
  const files = Array.from(inputs, input => {
    const { blob, name } = read(input);
    const file = { name: clean(name, sanitizer), type: mimetype ?? (blob.type || 'application/octet-stream'), size: blob.size, status: 'Initialized' };
    const chosen = typeof filename === 'function' ? filename({ ...file, filename: file.name, mimetype: file.type }) : filename;
    if (chosen !== undefined) {
      if (typeof chosen !== 'string') complain('the store option \'filename\' is to be a string, or a function that answers one');
      file.name = clean(chosen, sanitizer);
    }
    return { file, blob, sent: [] };
  });

  const aborter = new AbortController();
  const { signal } = aborter;
  // What waits while the upload is paused.
  let gate;
  let open;
  const resume = () => {
    open?.();
    gate = open = undefined;
  };
  if (control) {
    Object.assign(control, {
      pause: () => void (gate ??= new Promise(go => open = go)),
      resume,
      cancel() {
        aborter.abort();
        resume();
      },
    });
  }

  // Tried again after trouble on the way or in the companion, not when it refuses.
  const call = async (method, url, body, onProgress) => {
    for (let tries = 0; ; tries++) {
      try {
        return await transfer(method, url, body, { signal, timeout, onProgress });
      } catch (error) {
        const { status, wait } = error;
        if (signal.aborted || status < 500 && status !== 429 || tries >= retry) throw error;
        onProgress?.(0);
        onRetry?.();
        await pause(wait > 0 ? wait * 1000 : Math.min(retryMaxTime, retryFactor ** tries * 1000), signal);
      }
    }
  };
  const inTurn = limit(concurrency);
  const share = run => inTurn(async () => {
    await gate;
    return run();
  });

  const sum = numbers => numbers.reduce((total, number) => total + (number ?? 0), 0);
  const percent = (part, whole) => Math.round(part * 100 / whole) || 0;
  let most = 0;
  const progress = () => {
    const counted = files.filter(({ file }) => file.status !== 'Failed');
    const one = ({ file, sent }) => ({ totalBytes: sum(sent), totalPercent: percent(sum(sent), file.size) });
    // A part that is sent again has been counted.
    most = Math.max(most, sum(counted.map(({ sent }) => sum(sent))));
    const totalPercent = percent(most, sum(counted.map(({ file }) => file.size)));
    onProgress?.({ totalBytes: most, totalPercent: Math.min(100, totalPercent), files: Object.fromEntries(counted.map((it, at) => [at, one(it)])) });
  };

  const send = async ({ file, blob, sent }) => {
    if (!file.size) complain(`the file "${file.name}" is empty`);
    const begin = { ...caller, filename: file.name, mimetype: file.type, size: file.size, store: where, upload_tags };
    const json = call => call.responseText && JSON.parse(call.responseText);
    const { upload_id } = json(await share(() => call('POST', address(site, '/multipart/start'), begin)));
    site.emit('upload.start');
    file.status = 'Progress';
    const size = Math.max(partSize, Math.ceil(file.size / 10_000));
    let failed;
    const part = async index => {
      if (failed) return;
      const bytes = blob.slice(index * size, (index + 1) * size);
      const asked = { ...caller, upload_id, part: index + 1, size: bytes.size };
      const { url } = json(await call('POST', address(site, '/multipart/upload'), asked));
      const put = await call('PUT', url, bytes, loaded => sent[index] = loaded);
      sent[index] = bytes.size;
      return { part_number: index + 1, etag: put.getResponseHeader('etag') };
    };
    const count = Math.ceil(file.size / size);
    const parts = await Promise.all(Array.from({ length: count }, (_, index) => share(() => part(index)).catch(error => {
      failed = true;
      throw error;
    })));
    const end = { ...caller, upload_id, parts, upload_tags, filename: file.name, mimetype: file.type, size: file.size, store: where };
    for (;;) {
      const answer = await call('POST', address(site, '/multipart/complete'), end);
      // 202: the companion is still putting the parts together.
      if (answer.status !== 202) return json(answer);
      await pause(1000, signal);
    }
  };

  let ticking;
  if (onProgress) {
    progress();
    ticking = setInterval(progress, progressInterval);
  }
  const results = await Promise.all(files.map(async it => {
    const { file } = it;
    try {
      const { upload_tags: uploadTags, ...stored } = await send(it);
      Object.assign(file, stored, { uploadTags, workflows: stored.workflows, alt: altText });
      Object.assign(file, { name: file.filename, type: file.mimetype });
    } catch (error) {
      Object.assign(file, { status: 'Failed', error, filename: file.name, mimetype: file.type });
      site.emit('upload.error', error);
    }
    return file;
  }));
  clearInterval(ticking);
  progress();
  return results;
};

export const upload = async (site, file, ...others) => {
  const [stored] = await multiupload(site, [file], ...others);
  if (stored.error) throw stored.error;
  return stored;
};

const EXPORT = ['accounts', 'text', 'link', 'form', 'fit', 'scheduledAt', 'alt', 'onPublished', 'lang', 'displayMode', 'container',
  'theme', 'customText', 'rootId', 'signal', 'onOpen', 'onClose'];
const FORMS = ['feed', 'story'];
const FITS = ['none', 'pad', 'crop'];

// Opens the dialog in its outward direction. Answers what was published, or is on its way, when it is closed.
const publish = async (site, file, options = {}) => {
  check('export options', options, EXPORT);
  const { accounts = [], text = '', link = '', form = 'feed', fit = 'pad', scheduledAt, alt, onPublished, ...others } = options;
  const said = typeof file === 'string' ? file : file?.handle ?? file?.url;
  const handle = /(?:^|\/)([A-Za-z0-9]{20})(?:\+\w*)?(?:[?#]|$)/.exec(said ?? '')?.[1];
  if (!handle) complain('export takes a stored file: its handle, its url or what pick gave');
  const forms = Array.isArray(form) ? form : [form];
  if (!forms.length || !forms.every(one => FORMS.includes(one))) complain(`form takes ${FORMS.join(', ')} or an array of them`);
  if (!FITS.includes(fit)) complain(`fit takes ${FITS.join(', ')}`);
  if (!Array.isArray(accounts)) complain('accounts takes an array of ids');
  for (const [name, value] of Object.entries({ text, link, alt: alt ?? '' })) if (typeof value !== 'string') complain(`${name} takes a string`);
  if (others.displayMode === 'dropPane') complain('a drop pane takes files, and publishes none; displayMode takes overlay, inline');
  if (onPublished && typeof onPublished !== 'function') complain('onPublished takes a function');
  const at = scheduledAt == null ? undefined : new Date(scheduledAt).getTime();
  if (Number.isNaN(at)) complain('scheduledAt takes a date, or a time as 2026-12-24T18:00:00Z');
  const publications = new Map();
  const tell = (told, place) => {
    const before = publications.get(told.id);
    publications.set(told.id, { told, place });
    if (told.state === 'published' && before?.told.state !== told.state) onPublished?.(told);
  };
  const whole = [text, link].filter(Boolean).join('\n\n');
  await site.open(others, { handle, accounts: accounts.map(String), text: whole, forms, fit, at, alt, tell });
  return { publications: [...publications.values()].sort((one, other) => one.place - other.place).map(({ told }) => told) };
};
export { publish as export };
