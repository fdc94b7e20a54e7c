// Renders each picker on a server, and prints the HTML. Nothing may be fetched for that.
import { createElement } from 'react';
import { renderToString } from 'react-dom/server';
import { render } from 'svelte/server';
import { createSSRApp, h } from 'vue';
import { renderToString as renderVue } from 'vue/server-renderer';
import * as react from 'bowerbird/react';
import * as svelte from 'bowerbird/svelte';
import * as vue from 'bowerbird/vue';

globalThis.fetch = address => { throw new Error(`${address} is fetched`); };
const props = { apikey: 'demo', url: 'https://companion.example', options: { maxFiles: 2 }, onUploadDone() {} };
for (const kind of ['PickerOverlay', 'PickerInline', 'PickerDropPane']) {
  console.log('react', kind, renderToString(createElement(react[kind], props)));
  console.log('vue', kind, await renderVue(createSSRApp({ render: () => h(vue[kind], props) })));
  console.log('svelte', kind, render(svelte[kind], { props }).body);
}
