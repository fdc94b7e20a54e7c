// `bowerbird.mjs`: the same as an ES module. Importing it touches neither window nor document, so a server may render with it.
//= core.js

// Bundlers read this very form, `new URL(name, import.meta.url)`, and bring the files along.
const glue = new URL('./%GLUE%', import.meta.url).href;
const wasm = new URL('./%WASM%', import.meta.url).href;
const client = new URL('./%CLIENT%', import.meta.url).href;
const later = new URL('./%LATER%', import.meta.url).href;
const script = new URL('./%SCRIPT%', import.meta.url).href;
const own = new URL('./%OWN%', import.meta.url).href;
const editor = new URL('./%EDITOR%', import.meta.url).href;
const outward = new URL('./%OUTWARD%', import.meta.url).href;

// Only a module that the browser itself fetched tells where the companion is; bundled code may have a `file:` URL.
const home = import.meta.url.startsWith('http') ? new URL(import.meta.url).origin : undefined;

export const { init, pick } = create(glue, wasm, client, home, { later, script, own, editor, outward });
export { init as Filestack, version };

// What Filestack's package has for the server: Node.js has the cryptography at once, browsers have it not and are not to have the secret.
const hmac = (secret, text) => {
  const crypto = globalThis.process?.getBuiltinModule?.('node:crypto');
  if (!crypto) throw new Error('bowerbird: secrets are for the site\'s server, with Node.js 20.16 or later');
  return crypto.createHmac('sha256', secret).update(text).digest('hex');
};
export const getSecurity = (policyOptions, appSecret) => {
  const policy = btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(policyOptions))));
  return { policy, signature: hmac(appSecret, policy) };
};
export const validateWebhookSignature = (secret, rawBody, { timestamp, signature }) => hmac(secret, `${timestamp}.${rawBody}`) === signature;

// The words that Filestack's types have as enumerations.
const words = all => Object.fromEntries(all.split(' ').map(word => [word, word]));
export const PickerDisplayMode = /* @__PURE__ */ words('inline overlay dropPane');
export const PrefetchEvents = { PICKER: 'picker', TRANSFORM_UI: 'transform_ui' };
export const EAlignFacesOptions = /* @__PURE__ */ words('left right center bottom top faces');
export const EAlignOptions = /* @__PURE__ */ words('left right center bottom top');
export const EBlurMode = /* @__PURE__ */ words('linear gaussian');
export const EColorspaceType = /* @__PURE__ */ words('RGB CMYK Input');
export const ECropfacesType = /* @__PURE__ */ words('thumb crop fill');
export const EFitOptions = /* @__PURE__ */ words('clip crop scale max');
export const EImageWatermarkPosition = /* @__PURE__ */ words('top middle bottom left center right');
export const ENoiseType = /* @__PURE__ */ words('none low medium high');
export const EShapeType = /* @__PURE__ */ words('oval rect');
export const ESmartCropMode = /* @__PURE__ */ words('fit auto');
export const EStyleType = /* @__PURE__ */ words('artwork photo');
export const EUrlscreenshotAgent = /* @__PURE__ */ words('desktop mobile');
export const EUrlscreenshotMode = /* @__PURE__ */ words('all window');
export const EUrlscreenshotOrientation = /* @__PURE__ */ words('portrait landscape');
