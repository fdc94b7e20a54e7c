// What the components of `react.js`, `vue.js` and `svelte.js` share: a picker that is there while its component is.
import { init } from './bowerbird.mjs';

// All of these are always listened to, so that a component can be given another listener, or its first, while the picker is open.
const events = ['Open', 'Close', 'Cancel', 'FileSelected', 'FileCropped', 'UploadStarted', 'FileUploadStarted', 'FileUploadProgress',
  'FileUploadFinished', 'FileUploadFailed', 'FileUploadCancel', 'UploadDone'].map(name => 'on' + name);

const isPlain = value => value?.constructor === Object;

// A text that is another when what is asked for is. Functions are not in it, and what has no text, as an element, is not looked into.
const text = what => JSON.stringify(what, (_, value) => typeof value !== 'object' || Array.isArray(value) || isPlain(value) ? value : null);

const ofClient = ({ apikey, url, clientOptions }) => [apikey, { ...url && { url }, ...clientOptions }];
const ofPicker = ({ options, pickerOptions }) => ({ ...options, ...pickerOptions });

// When this is another, the picker has to be opened anew.
export const keyOf = props => text([ofClient(props), ofPicker(props)]);

// A client keeps the visitor's sign-in from one picker to the next.
const clients = new Map();
const clientOf = props => {
  const given = ofClient(props);
  const key = text(given);
  if (!clients.has(key)) clients.set(key, init(...given));
  return clients.get(key);
};

// The same, but each function is looked up when it is called.
const looked = (given, now) => Object.fromEntries(Object.entries(given).map(([name, value]) => [
  name,
  typeof value === 'function' ? (...told) => now()?.[name]?.(...told) : isPlain(value) ? looked(value, () => now()?.[name]) : value,
]));

let count = 0;
// There is one dialog at a time, so the next waits until the last is gone.
let gone = Promise.resolve();

// Opens a picker with the props that `now` gives, in `container` where it is a part of the page, and answers how it is closed. That is
// not told as if the visitor had done it; only who closes it on `onClose` hears of the files, which come after that. Props that are
// listeners, as `onUploadDone`, hear besides those among the options.
export const mount = (displayMode, container, now) => {
  let closed;
  let picker;
  const props = now();
  const hear = name => (...told) => {
    if (closed && name !== 'onUploadDone') return;
    const heard = [now()[name], name === 'onUploadDone' && now().onSuccess, ofPicker(now())[name]];
    return heard.map(listener => listener?.call?.(null, ...told)).find(answer => answer !== undefined);
  };
  const fail = error => closed || (now().onError ?? console.error)(error);
  const open = async () => {
    await gone;
    if (closed) return;
    picker = clientOf(props).picker({
      displayMode,
      rootId: '__bowerbird-' + ++count,
      ...container && { container },
      ...looked(ofPicker(props), () => ofPicker(now())),
      ...Object.fromEntries(events.map(name => [name, hear(name)])),
    });
    await picker.open();
  };
  open().catch(fail);
  return () => {
    closed = true;
    if (picker) gone = Promise.allSettled([gone, picker.close()]);
  };
};
