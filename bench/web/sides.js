// How each side is put into a page and used, in the same few words. What is where comes with the page's address.

const asked = Object.fromEntries(new URLSearchParams(location.search));

const added = (tag, properties) => new Promise((resolve, reject) => document.head.append(Object.assign(document.createElement(tag), {
  ...properties,
  onload: resolve,
  onerror: () => reject(new Error(`${properties.src ?? properties.href} cannot be loaded`)),
})));

const dialog = () => document.querySelector('[data-bowerbird]')?.shadowRoot;
const inDialog = selector => dialog()?.querySelector(selector);

const bowerbird = {
  // As README has it: a script, one `init`. The early fetch begins with `init`, when the page is idle.
  async load() {
    await added('script', { src: `${asked.companion}/bowerbird.js` });
    return window.bowerbird.init('demo', { url: asked.companion });
  },
  // The services that Uppy shows, and Instagram.
  open(client, options) {
    client.pick({ fromSources: ['local_file_system', 'facebook', 'instagram'], ...options }).catch(error => window.trouble = error.stack ?? String(error));
  },
  service: () => inDialog(".service[data-source='facebook']"),
  dialog,
  connect: () => inDialog("[data-action='connect']"),
  album: name => [...dialog()?.querySelectorAll('.tile.folder') ?? []].find(it => it.querySelector('.name')?.textContent === name),
  scroller: () => inDialog('div.folder'),
  loaded: () => Number(inDialog('.grid[data-loaded]')?.dataset.loaded ?? 0),
  photos: () => [...dialog()?.querySelectorAll('.tile.photo') ?? []],
  // What is clicked on.
  target: photo => photo,
  isChosen: photo => photo.getAttribute('aria-selected') === 'true',
};

const uppy = {
  // As its manual has it: style sheet and bundle, here side by side.
  async load() {
    const [{ make }] = await Promise.all([import(asked.js), added('link', { rel: 'stylesheet', href: asked.css })]);
    return make(asked.companion);
  },
  open: uppy => uppy.getPlugin('Dashboard').openModal(),
  service: () => document.querySelector("[data-uppy-acquirer-id='Facebook'] button"),
  dialog: () => document.querySelector('.uppy-Dashboard'),
  album: name => [...document.querySelectorAll('button.uppy-ProviderBrowserItem-inner')].find(it => it.textContent.includes(name)),
  scroller: () => document.querySelector('.uppy-ProviderBrowser-list'),
  loaded: () => document.querySelectorAll('.uppy-ProviderBrowser-viewType--grid .uppy-ProviderBrowserItem').length,
  photos: () => [...document.querySelectorAll('.uppy-ProviderBrowserItem')],
  target: photo => photo.querySelector('input'),
  isChosen: photo => photo.classList.contains('uppy-ProviderBrowserItem--is-checked'),
};

export const side = asked.side === 'bowerbird' ? bowerbird : uppy;
// What is done before the click: `nothing`; `script`, as a page has it that includes ours and calls `init`, but without the early fetch;
// `all`. Of Uppy a page has all or nothing.
if (asked.before === 'script') window.requestIdleCallback = () => {};
export const ahead = asked.before === 'all' || asked.before === 'script' && side === bowerbird;
