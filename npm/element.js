// The element `<bowerbird-picker>`: a button that picks, and a field of the form around it, whose value is the handles of what was
// picked. `connect` makes a client of its attributes; without `apikey` it picks with the client that the page has made. It is part of the
// ES module; the script fetches it for pages that have such an element.
const defineElement = (connect, pick) => {
  // On a server there are no elements; and what was defined once, by a second script say, stays.
  if (!globalThis.customElements || customElements.get('bowerbird-picker')) return;

  const list = words => words.split(/[\s,]+/).filter(Boolean);
  const attributes = ['accept', 'from-sources', 'max-files', 'min-files', 'lang', 'theme', 'view-type', 'display-mode'];
  const read = (name, value) => name.endsWith('-files') ? Number(value) : /^[af]/.test(name) ? list(value) : value;
  const create = (tag, properties) => Object.assign(document.createElement(tag), properties);
  let sheet;
  let count = 0;
  let returned;

  class Picker extends HTMLElement {
    static formAssociated = true;
    static observedAttributes = ['name', 'required', 'value'];
    #internals = this.attachInternals();
    #root = this.attachShadow({ mode: 'open', delegatesFocus: true });
    #button = create('button', { type: 'button', part: 'button' });
    #id = '__bowerbird-picker-' + ++count;
    #files = [];
    #open;
    #chosen;
    #given;

    constructor() {
      super();
      if (!sheet) (sheet = new CSSStyleSheet()).replaceSync(':host{display:inline-block}:host([hidden]){display:none}' +
        'button{font:inherit;min-height:44px;padding:10px 20px;border:0;border-radius:var(--bowerbird-radius-button,999px);' +
        'background:var(--bowerbird-accent,#2563eb);color:var(--bowerbird-on-accent,#fff)}button:disabled{opacity:.5}');
      this.#root.adoptedStyleSheets = [sheet];
      this.#button.append(create('slot', { textContent: 'Choose photos' }));
      this.#root.append(this.#button);
      // The host's, since a label clicks on that.
      this.addEventListener('click', this.pick);
    }

    connectedCallback() {
      // What was set before the browser knew the element hides what is set now.
      for (const name of ['options', 'files', 'value']) {
        const { [name]: value } = this;
        if (delete this[name] && value !== this[name]) this[name] = value;
      }
      if (this.#client?.returning && !returned) returned = this.pick();
    }
    disconnectedCallback() { this.#open?.abort(); }
    attributeChangedCallback(name) {
      if (name !== 'value' || this.#chosen) this.#tell();
      else this.formResetCallback();
    }
    formResetCallback() {
      this.value = this.getAttribute('value') ?? '';
      this.#chosen = false;
    }
    formDisabledCallback(disabled) { this.#button.disabled = disabled; }
    formStateRestoreCallback(state) { this.files = JSON.parse(state); }

    get #client() {
      const apikey = this.getAttribute('apikey');
      return apikey && connect(apikey, { url: this.getAttribute('url') ?? undefined });
    }

    // What the form sends and the browser keeps, and whether that will do; the browser has the words for it in its language.
    #tell() {
      const { name, required } = this;
      const data = new FormData();
      if (name) this.#files.forEach(file => data.append(name, file.handle));
      this.#internals.setFormValue(data, JSON.stringify(this.#files));
      const valueMissing = required && !this.#files.length;
      const words = valueMissing && create('input', { type: 'file', required }).validationMessage;
      this.#internals.setValidity({ valueMissing }, words || '!', this.#button);
    }

    async pick() {
      if (this.#open || this.matches(':disabled')) return;
      this.#open = new AbortController();
      const options = { rootId: this.#id, signal: this.#open.signal, ...this.#given };
      for (const name of attributes) {
        const value = this.getAttribute(name);
        if (value !== null) options[name.replace(/-(.)/, (_, letter) => letter.toUpperCase())] = read(name, value);
      }
      if (options.displayMode) options.container ??= this.#root;
      const tell = (name, detail, more) => this.dispatchEvent(new CustomEvent(name, { detail, ...more }));
      try {
        const result = await (this.#client?.pick ?? pick)(options);
        const { filesUploaded: { length }, filesFailed } = result;
        if (length) this.files = result.filesUploaded;
        tell(length || filesFailed.length ? 'pick' : 'cancel', result, { bubbles: true, composed: true });
        if (length) tell('change', null, { bubbles: true });
        return result;
      } catch (error) {
        // It does not bubble: the window's `error` is for what nobody caught.
        if (tell('error', error, { cancelable: true })) console.error(error);
      } finally {
        this.#open = null;
      }
    }

    get options() { return this.#given; }
    set options(options) { this.#given = options; }
    get files() { return this.#files; }
    set files(files) {
      this.#files = [...files];
      this.#chosen = true;
      this.#tell();
    }
    get value() { return this.#files.map(file => file.handle).join(); }
    set value(handles) { this.files = list(handles).map(handle => ({ handle })); }
    get name() { return this.getAttribute('name') ?? ''; }
    set name(name) { this.setAttribute('name', name); }
    get form() { return this.#internals.form; }
    get validity() { return this.#internals.validity; }
    get validationMessage() { return this.#internals.validationMessage; }
    checkValidity() { return this.#internals.checkValidity(); }
    reportValidity() { return this.#internals.reportValidity(); }
  }
  for (const name of ['required', 'disabled']) {
    Object.defineProperty(Picker.prototype, name, {
      get() { return this.hasAttribute(name); },
      set(on) { this.toggleAttribute(name, on); },
    });
  }
  customElements.define('bowerbird-picker', Picker);
};
