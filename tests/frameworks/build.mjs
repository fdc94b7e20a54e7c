// Builds a page of `pages/` as a site does, into the folder that is given; or `server`, which renders on one.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { build } from 'vite';

const [page, outDir] = process.argv.slice(2);
// React mounts everything twice, and Vue and Svelte warn of what is wrong, only while a site is worked on.
process.env.NODE_ENV = 'development';
await build({
  configFile: false,
  mode: 'development',
  logLevel: 'warn',
  // Where the files of a page lie: beside it, wherever that is.
  base: './',
  plugins: [svelte({ configFile: false })],
  build: {
    outDir,
    ssr: page === 'server',
    rolldownOptions: { input: `pages/${page}.js`, output: { entryFileNames: '[name].js' } },
  },
});
