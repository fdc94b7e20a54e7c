// `picker.js`: the picker in the shape in which Filestack's client loads its own, from `session.urls.pickerUrl`. A page that goes on
// with that client has this dialog with it, and the companion that this script is from.
(() => {
  const { src } = document.currentScript;
  const module = new URL('bowerbird.mjs', src).href;

  class Picker {
    #of;
    #options;
    #picker;

    constructor(client, options) {
      this.#of = client;
      this.#options = options;
    }

    async #made() {
      const { init } = await import(/* @vite-ignore */ /* webpackIgnore: true */ module);
      const { session: { apikey, policy, signature }, options } = this.#of;
      const security = policy && signature ? { policy, signature } : undefined;
      const { origin } = new URL(src);
      return this.#picker ??= init(apikey, { url: origin, sessionCache: !!options?.sessionCache, security }).picker(this.#options);
    }

    async open() { return (await this.#made()).open(); }
    async crop(files) { return (await this.#made()).crop(files); }
    async close() { return this.#picker?.close(); }
    async cancel() { return this.#picker?.cancel(); }
  }

  const internals = window.filestackInternals ??= {};
  (internals.modules ??= {})['fs-loader-picker'] = { instance: Picker, metadata: { name: 'bowerbird' } };
})();
