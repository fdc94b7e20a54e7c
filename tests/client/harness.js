// Filestack's own client, unmodified, told what to call. In Node it is told over standard input and in a browser by the page's own
// server; what it answers goes back the same way.

(root => {
  const hex = bytes => Array.from(new Uint8Array(bytes), byte => byte.toString(16).padStart(2, '0')).join('');

  // The same bytes as `bytes_of` in main.rs.
  const bytesOf = size => Uint8Array.from({ length: size }, (_, index) => (index * 31 + (index >> 8)) % 251);

  // Bytes are told by their number and hash, whatever holds them.
  const plain = async value => {
    if (value === undefined || value === null) return null;
    if (typeof Blob !== 'undefined' && value instanceof Blob) return plain(await value.arrayBuffer());
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
      return { bytes: value.byteLength, sha256: hex(await crypto.subtle.digest('SHA-256', value)) };
    }
    if (value.headers && 'data' in value) return { status: value.status, data: await plain(value.data) };
    return typeof value === 'object' ? JSON.parse(JSON.stringify(value)) : value;
  };

  root.serve = (filestack, makeFile) => {
    let client;
    return async ({ call, args }) => {
      try {
        if (call === 'init') {
          const [key, base, security] = args;
          client = filestack.init(key, security ? { security } : undefined);
          Object.assign(client.session.urls, {
            uploadApiUrl: base, processUrl: base, cloudApiUrl: base, cdnUrl: base, fileApiUrl: `${base}/api/file`,
          });
          client.cloud.cloudApiUrl = base;
          return { result: filestack.version ?? null };
        }
        const given = args.map(arg => arg?.file ? { file: makeFile(bytesOf(arg.file.size), arg.file), name: arg.file.name } : arg);
        const [owner, method] = call.includes('.') ? call.split('.') : [null, call];
        const target = owner === 'filestack' ? filestack : owner ? client[owner] : client;
        return { result: await plain(await target[method](...given)) };
      } catch (error) {
        const status = error.response?.status ?? error.details?.response?.status ?? error.status ?? null;
        return { error: { message: String(error.message ?? error), status } };
      }
    };
  };
})(typeof module === 'undefined' ? globalThis : module.exports);
