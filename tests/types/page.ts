// A page as sites have it, typed against Filestack's package. The tests compile it as it stands, and with `bowerbird` in the place of
// that package: nothing else may have to change.
import * as filestack from 'filestack-js';
import {
  Client, ClientOptions, FilestackError, InputFile, MetadataOptions, PickerDisplayMode, PickerFileMetadata, PickerInstance, PickerOptions,
  PickerResponse, PickerUploadDoneCallback, PrefetchEvents, PrefetchOptions, PrefetchResponse, RetrieveOptions, Security, SecurityOptions,
  StoreUploadOptions, TransformOptions, UploadOptions, UploadTags, WebhookValidatePayload, getSecurity, init,
} from 'filestack-js';

const security: Security = { policy: 'cG9saWN5', signature: 'f00d' };
const settings: ClientOptions = { security, sessionCache: true, forwardErrors: false };
const client: Client = filestack.init('demo', settings);
const another = init('demo');
const byName: filestack.Client = filestack.Filestack('demo');

// Each option of a pick that Filestack's types have.
const done: PickerUploadDoneCallback = (response: PickerResponse) => response.filesUploaded.forEach(file => show(file));
const show = (file: PickerFileMetadata): string =>
  [file.filename, file.handle, file.url, file.mimetype, file.size.toFixed(), file.source, file.originalPath, file.uploadId, file.alt,
    file.container, file.key, file.status, file.cropped?.cropArea.position[0], file.rotated?.value, file.originalFile].join();
const callbacks: PickerOptions = {
  onOpen: (handle: PickerInstance) => handle.close(),
  onClose: () => undefined,
  onCancel: done,
  onFileSelected: file => {
    if (file.size > 1000 * 1000) throw new Error('File too big, select something smaller than 1MB');
  },
  onFileUploadStarted: (file: PickerFileMetadata, token) => token?.cancel?.(),
  onFileUploadProgress: (file, event) => [event.totalPercent.toFixed(), event.totalBytes.toFixed()],
  onFileUploadFinished: file => void show(file),
  onFileUploadFailed: (file: PickerFileMetadata, error: Error) => void error.message,
  onFileUploadCancel: file => void show(file),
  onFileCropped: file => void show(file),
  onUploadStarted: (files: PickerFileMetadata[]) => void files.map(show),
  onUploadDone: done,
};
const options: PickerOptions = {
  ...callbacks,
  accept: ['image/*', '.pdf'],
  acceptFn: (file, how) => how.mimeFromMagicBytes(file.originalFile).then(() => 'ok'),
  allowManualRetry: true,
  fromSources: ['local_file_system', 'facebook', 'instagram'],
  websearch: { predefinedText: 'cats' },
  container: 'here',
  cleanupImageExif: { keepOrientation: true, keepICCandAPP: true },
  customAuthText: { default: { top: ['one', 'two'], bottom: ['three'] } },
  displayMode: PickerDisplayMode.inline,
  concurrency: 2,
  customSourceContainer: 'bucket',
  customSourcePath: '/photos',
  customSourceName: 'Ours',
  customText: { Upload: 'Send', 'Connect {providerName}': 'Sign in' },
  supportEmail: 'help@shop.example',
  disableStorageKey: true,
  disableTransformer: true,
  disableAltText: true,
  disableThumbnails: true,
  dropPane: {
    cropFiles: false, customText: 'Here', disableClick: false, overlay: true, showIcon: true, showProgress: true,
    onDragEnter: (event: DragEvent) => event.preventDefault(), onDragLeave: () => undefined, onDragOver: event => event.preventDefault(),
    onDrop: event => event.preventDefault(), onSuccess: files => files.map(show), onError: files => files.map(show),
    onProgress: percent => percent.toFixed(), onClick: event => event.preventDefault(),
  },
  exposeOriginalFile: true,
  globalDropZone: true,
  hideModalWhenUploading: true,
  imageDim: [800, 600],
  imageMax: [1600, 1200],
  imageMin: [80, 60],
  lang: 'de',
  minFiles: 1,
  maxFiles: 5,
  maxSize: 10 * 1024 * 1024,
  viewType: 'grid',
  errorsTimeout: 5000,
  modalSize: [900, 600],
  rootId: 'picker',
  startUploadingWhenMaxFilesReached: true,
  storeTo: { location: 's3', container: 'bucket', path: '/orders/', region: 'us-east-1', access: 'public', workflows: ['w'] },
  transformations: { crop: { aspectRatio: 16 / 9, force: true }, circle: false, rotate: true, force: false },
  transformationsUI: false,
  uploadConfig: { partSize: 6 * 1024 * 1024, intelligent: 'fallback', tags: { order: '17' } },
  uploadInBackground: false,
  videoResolution: '640x480',
  useSentryBreadcrumbs: false,
  pasteMode: { pasteToFirstInViewPort: true, pasteToFirstInstance: false },
  disableDirectoryUpload: true,
  miniUploader: false,
  multipleFileUpload: true,
  googleDriveAppID: '17',
};

const picker: PickerInstance = client.picker(options);

// Each call of the client.
const upload: UploadOptions = {
  partSize: 6 * 1024 * 1024, concurrency: 3, progressInterval: 500, retry: 5, retryFactor: 2, retryMaxTime: 10_000, timeout: 60_000,
  intelligent: true, intelligentChunkSize: 1024 * 1024, disableIntegrityCheck: true, tags: { order: '17' },
  onProgress: event => event.totalPercent.toFixed(), onRetry: () => undefined,
};
const store: StoreUploadOptions = {
  location: 's3', path: '/orders/', container: 'bucket', region: 'us-east-1', access: 'private', filename: file => file.name + '.bak',
  mimetype: 'image/png', altText: 'A cat', workflows: ['w', { id: 'x' }], sanitizer: { exclude: ['#'], replacement: '_' }, disableStorageKey: true,
};
const tags: UploadTags = { order: '17' };
const metadata: MetadataOptions = { size: true, mimetype: true, filename: true, width: true, height: true, sha256: true, exif: true };
const retrieve: RetrieveOptions = { head: true, extension: 'jpg', dl: true, cache: false };
const tasks: TransformOptions = {
  resize: { width: 320, height: 200, fit: filestack.EFitOptions.crop, align: filestack.EAlignFacesOptions.faces },
  rotate: { deg: 90 }, crop: { dim: [0, 0, 10, 10] }, sepia: true, output: { format: 'webp', quality: 80 }, cache: { expiry: 3600 },
  partial_blur: { amount: 9, objects: [[1, 2, 3, 4]] }, rounded_corners: { radius: 9 }, quality: { value: 80 },
};
const prefetch: PrefetchOptions = { settings: ['inapp_browser'], permissions: ['whitelabel'], events: [PrefetchEvents.PICKER], pickerOptions: options };

export const run = async (files: File[]) => {
  await picker.open();
  await picker.crop(files);
  await picker.cancel();
  const token: { pause?: () => void, resume?: () => void, cancel?: () => void } = {};
  const inputs: InputFile[] = [files[0], 'data:text/plain;base64,YQ==', { file: new Blob(), name: 'a.txt' }];
  const stored = await client.upload(files[0], upload, store, token, security);
  const all = await client.multiupload(inputs, upload, store, token);
  const kept: Object = await client.storeURL('https://a.example/', { path: '/' }, token, security, tags);
  const known = await client.metadata(stored.handle, metadata);
  const head: Object | Blob = await client.retrieve(stored.handle, retrieve);
  const { data, status } = await client.download(stored.handle, security);
  await client.remove(all[0].handle, security);
  await client.removeMetadata(known.handle);
  await client.logout('facebook');
  await another.logout();
  client.setSecurity(security);
  client.on('upload.error', (error: FilestackError) => error.message);
  const asked: PrefetchResponse = await client.prefetch(prefetch);
  const address: string = byName.transform(stored.handle, tasks) + client.transform([stored.handle], { flip: true }, true);
  return [kept, head, data, status, asked.pickerOptions, address, client.session.apikey, client.session.policy, filestack.version];
};

export const sign = (policy: SecurityOptions, payload: WebhookValidatePayload): [Security, boolean] =>
  [getSecurity(policy, 'secret'), filestack.validateWebhookSignature('secret', 'body', payload)];
