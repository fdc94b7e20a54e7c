// Bundles one Uppy for the browser: `node build.mjs <folder with node_modules> <entry> <folder to write to>`. It prints a line of JSON
// with the files' names and bytes.
//
// Minified by esbuild and compressed as what customers of Bowerbird download is: brotli 11 with a window of 24 bits, gzip 9, and a name
// with the content's hash, so that the same server sends both with the same headers.

import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const [folder, entry, to] = process.argv.slice(2).map(name => path.resolve(name));
const { build } = createRequire(path.join(folder, 'package.json'))('esbuild');

const { outputFiles } = await build({
  entryPoints: [entry],
  nodePaths: [path.join(folder, 'node_modules')],
  outdir: to,
  bundle: true,
  minify: true,
  write: false,
  format: 'esm',
  target: 'es2022',
  legalComments: 'none',
  define: { 'process.env.NODE_ENV': '"production"' },
  logLevel: 'warning',
});

const brotli = bytes => brotliCompressSync(bytes, {
  params: {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_LGWIN]: 24,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  },
});

mkdirSync(to, { recursive: true });
const files = outputFiles.map(({ path: file, contents }) => {
  const bytes = Buffer.from(contents);
  const { name, ext } = path.parse(file);
  const named = `${name}-${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}${ext}`;
  const compressed = { br: brotli(bytes), gz: gzipSync(bytes, { level: 9 }) };
  // The plain one first: a compressed one that is older is not sent.
  writeFileSync(path.join(to, named), bytes);
  for (const [suffix, content] of Object.entries(compressed)) writeFileSync(path.join(to, `${named}.${suffix}`), content);
  return { kind: ext.slice(1), name: named, raw: bytes.length, gzip: compressed.gz.length, brotli: compressed.br.length };
});
console.log(JSON.stringify(files));
