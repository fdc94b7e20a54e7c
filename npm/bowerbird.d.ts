/**
 * Bowerbird: a file picker for web pages.
 *
 * As a script: `<script src="https://companion.example/bowerbird.js"></script>`, then the global `bowerbird`.
 * As a module: `import { init } from 'bowerbird'`.
 *
 * @example
 * const client = init('demo', { url: 'https://companion.example' });
 * const { filesUploaded } = await client.pick({ fromSources: ['facebook', 'instagram'], maxFiles: 5 });
 */
export as namespace bowerbird;

/** The version of this package, for example `"0.1.0"`. */
export const version: string;

/**
 * Makes a client. Nothing is drawn; the picker's code is fetched when the page is idle, or at the first pick.
 *
 * @param apikey The key of this site, as the companion knows it. Checked by the companion at the first pick.
 */
export function init(apikey: string, options?: ClientOptions): Client;

/**
 * Picks with the client that {@link init} made last. Rejects when there is none.
 * The forms and the answer are those of {@link Client.pick}.
 */
export function pick(options?: Source | Source[] | PickOptions): Promise<PickResponse>;

/** The name that Filestack's package has besides `init`. Only in the module. */
export const Filestack: typeof init;

/** Settings of a client. */
export interface ClientOptions {
  /**
   * Where the companion is, for example `"https://companion.example"`.
   * Default: the origin that the script, or the unbundled module, was loaded from.
   */
  url?: string;
  /**
   * Whether the visitor is still signed in after a reload: the session's token is kept in `localStorage`, and the companion keeps
   * the connection for two weeks after its last use. Without it a sign-in ends when the photos of its pick are copied, and two
   * hours after a pick that was left. Default: false.
   */
  sessionCache?: boolean;
  /**
   * An address of this site, listed for the key, at which a sign-in may end where its window cannot speak to the page. It must
   * include this script and call `init`. Default: the page's own address without query and fragment.
   */
  appUrl?: string;
  /** What the site's server lets this page do, signed with the key's secret; needed where the key requires policies. */
  security?: Security;
  /** Filestack's; warned about and ignored. The companion's own address is its only one. */
  cname?: string;
  /** Filestack's; warned about and ignored. No error is sent anywhere. */
  forwardErrors?: boolean;
}

/** A policy of the site's server, and its signature. */
export interface Security {
  /** The policy: JSON in base64. */
  policy: string;
  /** Hex HMAC-SHA256 of `policy` under the key's secret. */
  signature: string;
}

/** What a client knows of its site. */
export interface Session {
  /** The key. */
  apikey: string;
  /** The companion's address, without a slash at its end; empty where `init` was not told one and cannot know it. */
  url: string;
  /** The policy that is shown with every call, if there is one. */
  policy?: string;
  /** Its signature. */
  signature?: string;
}

/** A site's way to the picker. */
export interface Client {
  /**
   * Whether the visitor is just back from a sign-in that took the whole page, as it does in browsers within apps, which open no
   * windows. The next `pick` then goes on where they were; call it at once, with the options that it had.
   * @example if (client.returning) pickButton.click();
   */
  readonly returning: boolean;
  /**
   * Opens the dialog on one source.
   * @example const { filesUploaded } = await client.pick('facebook');
   */
  pick(source: Source): Promise<PickResponse>;
  /** Opens the dialog on some sources, in this order. */
  pick(sources: Source[]): Promise<PickResponse>;
  /**
   * Opens the dialog, and resolves when it has closed and every chosen file is stored or has failed.
   *
   * A visitor who cancels, or an aborted `signal`, resolves it too: with what was stored until then, mostly nothing.
   * It rejects, before anything is drawn, when the options are wrong (the error names the option and the nearest known one) or
   * when the picker's files cannot be loaded (the error names the URL; the next pick tries again).
   */
  pick(options?: PickOptions): Promise<PickResponse>;
  /**
   * Opens the dialog the other way round: the visitor publishes a stored file to their Facebook Pages and Instagram accounts, as posts,
   * as stories or both. Resolves when the dialog has closed, also where the visitor left: with what was published, or is on its way
   * then, mostly nothing. Publishing goes on when the dialog is closed.
   *
   * It rejects, before anything is drawn, where an option is wrong or the file is none of the companion's.
   * @param file Its handle, its url, or what `pick` gave.
   * @example const { publications } = await client.export(filesUploaded[0], { text: 'New in our shop' });
   */
  export(file: string | { handle: string } | { url: string }, options?: ExportOptions): Promise<ExportResponse>;
  /** A picker in Filestack's manner: made once, opened and closed as often as need be, and heard of by callbacks. Nothing is drawn yet. */
  picker(options?: PickerOptions): PickerInstance;
  /** What the client knows of its site. */
  readonly session: Session;
  /** Shows this policy from now on, also in the next pick; nothing changes where it is left out. Throws where half of it is missing. */
  setSecurity(security?: Security): void;
  /**
   * Stores a file in parts, which go again after trouble. Rejects with an `Error` (Filestack's client: with the file) that has the
   * `status` and `code` of the companion's refusal, or is an `AbortError` after `token.cancel()`. In browsers only.
   *
   * @param token Gets the functions `pause`, `resume` and `cancel`.
   * @param security In place of the client's.
   * @example const { handle, url } = await client.upload(input.files[0], { onProgress: event => bar.value = event.totalPercent });
   */
  upload(file: InputFile, options?: UploadOptions, storeOptions?: StoreUploadOptions, token?: any, security?: Security): Promise<UploadedFile>;
  /** Stores several files at once. One that fails has the `status` `"Failed"` and its `error`; the promise resolves all the same. */
  multiupload(files: ArrayLike<InputFile>, options?: UploadOptions, storeOptions?: StoreUploadOptions, token?: any, security?: Security): Promise<UploadedFile[]>;
  /**
   * Stores what is at an address, or makes a new file of a stored one's handle, or of what `transform` answers.
   *
   * @param token Gets the function `cancel`.
   * @param headers Refused by the companion unless empty: it sends none on.
   * @param workflowIds Without effect: there are no workflows.
   */
  storeURL(url: string, storeParams?: StoreUploadOptions, token?: any, security?: Security, uploadTags?: UploadTags, headers?: { [name: string]: string }, workflowIds?: string[]): Promise<UploadedFile>;
  /**
   * What is known of a file: the flags of `options`, or else `mimetype`, `uploaded`, `size`, `writeable` and `filename`; and `handle`.
   * It takes a policy, or with `sessionCache` the session that stored the file.
   */
  metadata(handle: string, options?: MetadataOptions, security?: Security): Promise<any>;
  /** The file as a `Blob`; with `head` its headers, with `metadata` what {@link metadata} answers. Better `download` and `metadata`. */
  retrieve(handle: string, options?: RetrieveOptions, security?: Security): Promise<any>;
  /** The file: a `Blob` in `data`. */
  download(handle: string, security?: Security): Promise<FsResponse>;
  /** Removes a file. It takes a policy, or with `sessionCache` the session that stored the file. */
  remove(handle: string, security?: Security): Promise<any>;
  /** The companion forgets a file, whose bytes stay in the storage. As `remove`. */
  removeMetadata(handle: string, security?: Security): Promise<any>;
  /**
   * The address at which the companion gives a file as these tasks make it. Nothing is asked or checked; the companion refuses what
   * it does not do.
   *
   * @param source A handle, an address, or several of them.
   * @param b64 Whether tasks and source are written in base64. Default: false.
   * @example client.transform(handle, { resize: { width: 320 }, output: { format: 'webp' } });
   */
  transform(source: string | string[], options?: TransformOptions, b64?: boolean): string;
  /** Signs out of a source, or of all and ends the session: the next pick signs in anew. */
  logout(source?: string): Promise<any>;
  /** Which of these settings and permissions there are. Nothing is blocked here, and `pickerOptions` come back as they are. */
  prefetch(params?: PrefetchOptions): Promise<PrefetchResponse>;
  /** Calls when an upload begins (`upload.start`), or has failed (`upload.error`, with the error). */
  on(event: 'upload.start' | 'upload.error' | (string & {}), listener: (...told: any[]) => void): this;
  /** Calls no more: this listener, or all of the event's. */
  off(event: string, listener?: (...told: any[]) => void): this;
}

/** The options of {@link Client.export}. The visitor may change what they are shown. */
export interface ExportOptions extends Pick<PickOptions, 'lang' | 'displayMode' | 'container' | 'theme' | 'customText' | 'rootId' | 'signal' | 'onOpen' | 'onClose'> {
  /** Pages and accounts that are chosen at first, by Meta's ids. Default: none. */
  accounts?: string[];
  /** The text at first. Default: none. */
  text?: string;
  /** An address that is put below the text: beside a picture neither network takes another link. Default: none. */
  link?: string;
  /** What is chosen of {@link accounts}: a post in the feed, a story, or both. Default: `'feed'`. */
  form?: 'feed' | 'story' | Array<'feed' | 'story'>;
  /** What is done to an image that does not fit: nothing (it is refused), white edges, or cut. Default: `'pad'`. */
  fit?: 'none' | 'pad' | 'crop';
  /** When it is published, at most 30 days ahead: a `Date`, milliseconds, or RFC 3339. Default: now. */
  scheduledAt?: Date | number | string;
  /** What an image says to those who do not see it. Default: nothing. */
  alt?: string;
  /** Something was published. */
  onPublished?: (publication: ExportedPublication) => void;
}

/** What {@link Client.export} resolves with. */
export interface ExportResponse {
  /** In the order of choosing; one that was tried again comes after the try that failed. */
  publications: ExportedPublication[];
}

/** What was published on one account, or is on its way. */
export interface ExportedPublication {
  /** The companion's id of it. */
  id: string;
  /** How it stood when the dialog was closed; the webhook `fp.export` tells how it ended. */
  state: 'waiting' | 'running' | 'published' | 'failed' | 'cancelled';
  /** Where it is to be seen; null while that is not known. */
  url: string | null;
  /** Where it is published: Meta's id and name of it. */
  account: { id: string; name: string; network: 'facebook' | 'instagram' };
  /** As a post or as a story. */
  form: 'feed' | 'story';
  /** Why it failed. */
  error?: { code: string; message: string };
}

/** A picker in Filestack's manner. */
export interface PickerInstance {
  /**
   * Opens it. Resolves when it is drawn; rejects when the options are wrong or its files cannot be loaded. Warns where it is open.
   * A picker in a part of the page (`inline`, `dropPane`) stays for further files until it is closed.
   */
  open: () => Promise<void>;
  /** Closes it, as the visitor could; resolves when it is gone. Does nothing where it is closed. */
  close: () => Promise<void>;
  /** The same as `close`: what is being copied is given up. */
  cancel: () => Promise<void>;
  /** Opens the editor of these images, `File`s or addresses, in place of a choice, and stores what was made of them. */
  crop: (files: any[]) => Promise<void>;
}

/**
 * A place that files come from. A name that is not known is warned about on the console and left out; when none is
 * left, `pick` rejects.
 */
export type Source = 'local_file_system' | 'facebook' | 'instagram' | 'url' | (string & {});

/**
 * What may be said about one pick. Everything is optional. An option of Filestack's picker that is not listed here is
 * warned about on the console and ignored; any other name is an error.
 */
export interface PickOptions {
  /**
   * Which files can be chosen: MIME types (`image/png`), families (`image/*`) or extensions (`.png`); a file that fits
   * one of them can. Default: all. Facebook and Instagram give images only, whatever this says.
   */
  accept?: string | string[];
  /**
   * A check of the page's own for files of the device, after `accept`: to throw or to reject keeps a file out and shows the reason.
   * `options` has `accept`, `acceptMime`, `mimeFromMagicBytes(file)` and `mimeFromExtension(name)`.
   */
  acceptFn?: (file: any, options: any) => Promise<any>;
  /** The sources offered, in this order. Default: the device, Facebook, Instagram, addresses. */
  fromSources?: Source | Source[];
  /** How many files can be chosen, from 1 to 1,000,000. Default: 1. */
  maxFiles?: number;
  /** How many files have to be chosen, from 1 to `maxFiles`. Default: 1. */
  minFiles?: number;
  /** Where the files are stored. Default: where the companion keeps the key's files. */
  storeTo?: StoreTo;
  /**
   * Other words for what the dialog says: the English phrase (ours or that of Filestack's picker), or its key, and what replaces it
   * in every language. `{placeholders}` are filled in.
   */
  customText?: PickerCustomText;
  /**
   * The dialog's language: `ar ca da de en es fr he it ja ko nl no pl pt ru sv tr vi zh`, also with a region as in `pt-BR`, which
   * numbers and dates follow. Another one is warned about on the console, and English is spoken. Default: the page's
   * `<html lang>`, or else English.
   */
  lang?: string;
  /**
   * How the picker is shown: as a dialog over the page, as a part of the page in `container`, or as a pane in `container` that
   * opens the dialog. Default: `"overlay"`.
   */
  displayMode?: PickerDisplayMode | 'overlay' | 'inline' | 'dropPane';
  /** The element that the picker is drawn in: its id, a selector, or the node. Needed unless it is an overlay. */
  container?: string | Node;
  /** The id of the element that holds the picker's shadow root; two that are open at once need two. Default: `"__bowerbird-picker"`. */
  rootId?: string;
  /** How photos are laid out. Default: `"grid"` (Filestack: `"list"`). */
  viewType?: 'grid' | 'list';
  /** The dialog's width and height in pixels, where the page is at least 980 wide. Default: as the window allows. */
  modalSize?: [number, number];
  /** The picker's colours; `"auto"`, the default, follows the visitor's system. */
  theme?: 'auto' | 'light' | 'dark';
  /** Whether the dialog goes when copying begins; the callbacks and the promise tell the rest. Default: false. */
  hideModalWhenUploading?: boolean;
  /** The pane of `displayMode: 'dropPane'`. */
  dropPane?: DropPane;
  /**
   * Whether the visitor can try again what could not be stored. Where not, the pick ends with it in `filesFailed`. Default: true
   * (Filestack: false).
   */
  allowManualRetry?: boolean;
  /**
   * Whether JPEGs of the device lose what they tell of camera, place and time before they are sent, and what they keep. Default: they
   * are sent as they are.
   */
  cleanupImageExif?: boolean | { keepOrientation?: boolean; keepICCandAPP?: boolean };
  /** How many files of the device are sent at once, 1 to 20. Default: 4. */
  concurrency?: number;
  /** Lines above (`top`) and below (`bottom`) the button that connects a source, by its name, or by `default` for all. */
  customAuthText?: CustomAuthTextOptions;
  /** Whether visitors cannot describe images for those who do not see them; what they write comes back as `alt`. Default: false. */
  disableAltText?: boolean;
  /** Whether folders of the device cannot be chosen. Default: false. */
  disableDirectoryUpload?: boolean;
  /** Whether the key of a stored file is path and name alone. Where it is taken, a number goes behind the name. Default: false. */
  disableStorageKey?: boolean;
  /** Whether images of the device are not shown small. Default: false. */
  disableThumbnails?: boolean;
  /** Whether images cannot be cropped or rotated. Default: false. */
  disableTransformer?: boolean;
  /** How long a passing remark stays, in milliseconds; 0 is until the next step. Default: 5000. */
  errorsTimeout?: number;
  /** Whether `originalFile` is the `File` itself rather than its name, size and type. Default: false. */
  exposeOriginalFile?: boolean;
  /** Whether files can be dropped on every screen of the dialog, not on that of the device alone. Default: false. */
  globalDropZone?: boolean;
  /** Images are brought to this width and height in pixels, keeping their shape; one of both may be null. Default: none are. */
  imageDim?: [number | null, number | null];
  /**
   * Images with more pixels are made smaller until they fit, in the browser or, from other sources, by the companion. Default: none
   * are.
   */
  imageMax?: [number, number];
  /** Images with fewer pixels are enlarged until both sides have them. Default: none are. */
  imageMin?: [number, number];
  /** Whether an image beyond `imageMin` or `imageMax` is refused rather than resized. Default: false. */
  imageMinMaxBlock?: boolean;
  /**
   * The most bytes that a file may have, whatever its source: of Facebook and Instagram, which do not tell sizes, the companion stops
   * at it. Default: as many as the companion takes.
   */
  maxSize?: number;
  /** Whether the dialog is small where there is room for a large one. Default: false. */
  miniUploader?: boolean;
  /** Whether several files can be chosen at once in the device's own dialog. Default: where `maxFiles` is more than 1. */
  multipleFileUpload?: boolean;
  /**
   * Which of several pickers in the page takes what is pasted while none has the pointer or the focus: the first that is wholly in
   * sight, or the first that was opened. Default: none.
   */
  pasteMode?: { pasteToFirstInViewPort?: boolean; pasteToFirstInstance?: boolean };
  /** Whether copying begins by itself as soon as `maxFiles` are chosen. Default: false. */
  startUploadingWhenMaxFilesReached?: boolean;
  /** An address that visitors can write to, shown where something went wrong. */
  supportEmail?: string;
  /** What the image editor offers, and what it insists on. Default: everything, and nothing. */
  transformations?: PickerTransformationOptions;
  /** Of Filestack's options for uploads, `tags`: an object, or a function from a file to one; the others are warned about and ignored. */
  uploadConfig?: UploadOptions;
  /**
   * Whether files are copied as soon as they are chosen, before the choice is confirmed; where `disableTransformer` is true, and not in
   * a pane. Callbacks of single files then come before `onUploadStarted`, which comes at the button as ever. What the visitor lets go
   * of is removed again (`onFileUploadCancel`), as is everything when the dialog is closed without confirming. Default: true.
   */
  uploadInBackground?: boolean;
  /** Images to crop in place of a choice, `File`s or addresses: what `crop` of a picker passes. */
  cropFiles?: (File | string)[];
  /** Filestack's: a bucket of the site's own as a source. Warned about and ignored. */
  customSourceContainer?: string;
  /** Filestack's: its name. Warned about and ignored. */
  customSourceName?: string;
  /** Filestack's: its folder. Warned about and ignored. */
  customSourcePath?: string;
  /** Filestack's: whether too many files are an error. Warned about and ignored. */
  failOverMaxFiles?: boolean;
  /** Filestack's: the number of a Google project. Warned about and ignored. */
  googleDriveAppID?: string;
  /** Filestack's: a style sheet of Filestack's picker; docs/theming.md has what there is here. Warned about and ignored. */
  loadCss?: string | boolean;
  /** Filestack's: another image editor. Warned about and ignored. */
  transformationsUI?: boolean;
  /** Filestack's: no error is sent anywhere here. Warned about and ignored. */
  useSentryBreadcrumbs?: boolean;
  /** Filestack's: of a camera's video. Warned about and ignored. */
  videoResolution?: string;
  /** Filestack's: the first words of a search for images. Warned about and ignored. */
  websearch?: object;
  /** Cancels the pick when it is aborted. The promise resolves, as when the visitor cancels. */
  signal?: AbortSignal;
  /** The dialog is on the screen. */
  onOpen?: (picker: PickerHandle) => void;
  /** The dialog is gone, however it ended; before `onUploadDone`. */
  onClose?: () => void;
  /** The pick was cancelled, by the visitor, the Back button or `signal`. `files` are those stored until then. */
  onCancel?: (files: PickedFile[]) => void;
  /**
   * A file is about to be chosen. To throw, or to return a promise that rejects, keeps it out and shows the error's
   * message to the visitor. To return the file with another `name` or `filename`, or a promise of it, renames it.
   */
  onFileSelected?: (file: PickedFile) => unknown;
  /** The choice was confirmed, and copying begins. */
  onUploadStarted?: (files: PickedFile[]) => void;
  /** This file's bytes begin to move. The `token` gives it up; of a file of the device it can have it wait, too. */
  onFileUploadStarted?: (file: PickedFile, token?: UploadToken) => void;
  /** More of this file has been copied. */
  onFileUploadProgress?: (file: PickedFile, progress: FileProgress) => void;
  /** This file is stored. */
  onFileUploadFinished?: (file: PickedFile) => void;
  /** This file could not be stored. */
  onFileUploadFailed?: (file: PickedFile, error: Error) => void;
  /** The visitor cut an image; `file.cropped` tells how. */
  onFileCropped?: (file: PickedFile) => void;
  /** The visitor gave this file up while it was copied. */
  onFileUploadCancel?: (file: PickedFile) => void;
  /** All is over and the dialog is gone; the promise resolves with the same. Not called after a cancel. */
  onUploadDone?: (response: PickResponse) => void;
}

/** What `client.picker` takes: the options of a pick, with two callbacks as Filestack's types have them. */
export interface PickerOptions extends Omit<PickOptions, 'onOpen' | 'onCancel'> {
  /** The picker is on the screen. */
  onOpen?: (handle: PickerInstance) => void;
  /** The pick was cancelled. It gets an array of the files that are stored, as Filestack's picker gives it, which has the members of its type too. */
  onCancel?: (files: PickResponse & PickedFile[]) => void;
}

/** How a picker is shown. Only in the module; the words do as well. */
export enum PickerDisplayMode {
  inline = 'inline',
  overlay = 'overlay',
  dropPane = 'dropPane',
}

/** Other words, by the phrase that they replace. */
export interface PickerCustomText {
  /** The phrase, and what replaces it. */
  [phrase: string]: string | undefined;
}

/** Lines above and below the button that connects a source, by the source's name or `default`. */
export interface CustomAuthTextOptions {
  /** The source, and its lines. */
  [source: string]: { top?: string[]; bottom?: string[] };
}

/** What the image editor offers; everything unless said. */
export interface PickerTransformationOptions {
  /** Whether images can be cropped, and how. Default: true. */
  crop?: boolean | PickerCropOptions;
  /** Whether they can be made round. Not where `aspectRatio` is another than 1. Default: true. */
  circle?: boolean;
  /** Whether they can be turned by quarters. Default: true. */
  rotate?: boolean;
  /** Whether every image that can be shown goes through the editor before it is stored. Default: false. */
  force?: boolean;
}

/** How images are cropped. */
export interface PickerCropOptions {
  /** Width by height, 0.01 to 100. Default: the visitor chooses. */
  aspectRatio?: number;
  /** How much of each side the first frame takes, 0.1 to 1. Default: 1. */
  autoCropArea?: number;
  /** Whether every image that can be shown goes through the editor before it is stored. Default: false. */
  force?: boolean;
}

/** What Filestack's `acceptFn` is told besides the file. */
export interface PickerAcceptFnOptions {
  /** The option `accept`. */
  accept: string[];
  /** The same as MIME types. */
  acceptMime: string[];
  /** The type that the bytes have. */
  mimeFromMagicBytes: Promise<string>;
  /** The type that the name has. */
  mimeFromExtension: string;
}

/** Hears of a file. */
export type PickerFileCallback = (file: PickerFileMetadata) => void | Promise<any>;

/** Hears of a file whose copying begins. */
export type PickerFileWithTokenCallback = (file: PickerFileMetadata, token?: UploadToken) => void | Promise<any>;

/** Hears of a file that was given up. */
export type PickerFileCancelCallback = (file: PickerFileMetadata) => void;

/** Hears of a file that failed. */
export type PickerFileErrorCallback = (file: PickerFileMetadata, error: Error) => void;

/** Hears how much of a file is copied. */
export type PickerFileProgressCallback = (file: PickerFileMetadata, event: FSProgressEvent) => void;

/** Hears that copying begins. */
export type PickerUploadStartedCallback = (files: PickerFileMetadata[]) => void;

/** Hears what a pick came to. */
export type PickerUploadDoneCallback = (files: PickerResponse) => void;

/** Holds an upload. */
export interface UploadToken {
  /** No further parts are sent. */
  pause?: () => void;
  /** They are again. */
  resume?: () => void;
  /** It is given up. */
  cancel?: () => void;
}

/** A picker that is open. */
export interface PickerHandle {
  /** Cancels the pick, as the visitor could. Once it has ended this does nothing. */
  close(): void;
  /** The same as `close`. */
  cancel(): void;
}

/** The pane of `displayMode: 'dropPane'`, and what the page wants to hear of it. Everything is optional. */
export interface DropPane {
  /** Whether the whole page invites to drop while files are dragged over it. Default: true. */
  overlay?: boolean;
  /** Whether the pane has an icon. Default: true. */
  showIcon?: boolean;
  /** Whether the pane shows how far the copying is. Default: true. */
  showProgress?: boolean;
  /** Whether a click opens nothing. Default: false. */
  disableClick?: boolean;
  /** The pane's words, in place of its own. */
  customText?: string;
  /** The pane was clicked. */
  onClick?: (event: MouseEvent) => void;
  /** Something is dragged onto the pane. */
  onDragEnter?: (event: DragEvent) => void;
  /** Something is dragged about over the pane. */
  onDragOver?: (event: DragEvent) => void;
  /** What was dragged has left the pane. */
  onDragLeave?: (event: DragEvent) => void;
  /** Whether images that are dropped on the pane are cropped before they are stored. Default: false. */
  cropFiles?: boolean;
  /** Something was dropped on the pane. Files that the page takes are sent at once; where it does not offer the device, the dialog opens. */
  onDrop?: (event: DragEvent) => void;
  /** So much of all files is copied, from 0 to 100. */
  onProgress?: (percent: number) => void;
  /** These files are stored. */
  onSuccess?: (files: PickedFile[]) => void;
  /** These files could not be stored. */
  onError?: (files: PickedFile[]) => void;
}

/** Filestack's name of the same. */
export type PickerDropPaneOptions = DropPane;

/** Filestack's name of where files are stored. */
export type PickerStoreOptions = StoreTo;

/** Where files are stored, within what the companion's operator allows. */
export interface StoreTo {
  /** The name of one of the key's storages; `"s3"` is an alias for the default one, whatever its make. */
  location?: string;
  /** A folder within the storage, before `path`. */
  container?: string;
  /** A folder within the storage, for example `"/orders/17/"`. */
  path?: string;
  /** What files are called when they are stored; the extension is still that of their true type. */
  filename?: string;
  /** Accepted for compatibility; the storage's region is the operator's setting. */
  region?: string;
  /**
   * Who may read the file: everyone who has the URL, or only the session that stored it and holders of a policy that the site's
   * server signed. Default: `"public"`.
   */
  access?: 'public' | 'private' | (string & {});
  /** Filestack's; ignored, since there are no workflows. */
  workflows?: string[] | WorkflowConfig[];
}

/** Names a workflow of Filestack's. */
export interface WorkflowConfig {
  /** Its id. */
  id: string;
}

/** What a pick comes to, as Filestack's types have it. */
export interface PickerResponse {
  /** The stored files. */
  filesUploaded: PickerFileMetadata[];
  /** Those that could not be stored. */
  filesFailed: PickerFileMetadata[];
}

/** What a pick comes to. Both lists are in the order in which the files were chosen. */
export interface PickResponse extends PickerResponse {
  /** The stored files. */
  filesUploaded: PickedFile[];
  /** The chosen files that could not be stored; each has an `error`. */
  filesFailed: PickedFile[];
}

/**
 * A file that the visitor chose: the fields of Filestack's file metadata, and what the source tells besides.
 * Before it is stored, `mimetype`, `width` and `height` are what the source promises; afterwards what the bytes say.
 */
export interface PickedFile extends PickerFileMetadata {
  /** Pixels, where known. */
  width?: number;
  /** Pixels, where known. */
  height?: number;
  /** The words that the visitor gave the photo at the source. */
  caption?: string;
  /** When the photo was taken or, where the source tells only that, published; RFC 3339 in UTC. */
  dateTaken?: string;
  /** SHA-256 of the stored bytes, in hex. */
  sha256?: string;
  /**
   * Hex HMAC-SHA256 of `<handle>.<sha256>.<size>.<source>` under the key's secret, where it has one. By it the site's server knows
   * that the file is what the companion stored.
   */
  signature?: string;
  /** Why it could not be stored; only in `filesFailed`. */
  error?: PickError;
}

/** A chosen file in the fields of Filestack's types. */
export interface PickerFileMetadata {
  /** A name for people, with an extension. */
  filename: string;
  /** Names the file at the companion: twenty letters and digits. Empty while it is not stored. */
  handle: string;
  /** Where the file is served. Empty while it is not stored. */
  url: string;
  /** The type, for example `"image/jpeg"`. */
  mimetype: string;
  /** Bytes; 0 while unknown, which Facebook's and Instagram's files are until they are stored. */
  size: number;
  /** Where it comes from: the name of a {@link Source}. */
  source: string;
  /** The way through the source by folder names, for example `"/Holidays in Lisbon/1.jpg"`. */
  originalPath: string;
  /** Names this file within this pick. */
  uploadId: string;
  /** How far the copy is: `"Stored"`, or absent. */
  status?: string;
  /** Where the file lies in the storage. */
  key?: string;
  /** The folder asked for in `storeTo.container`. */
  container?: string;
  /** Words that stand for the picture: the visitor's own, the caption, or empty. */
  alt: string;
  /** What was kept of an image that the visitor cut, in pixels of it as it was turned. */
  cropped?: PickerCroppedData;
  /** How the visitor turned it, before it was cut. */
  rotated?: PickerRotatedData;
  /** The file of the device; absent for files of Facebook and Instagram. */
  originalFile?: object | File;
}

/** Where an image was cropped, in pixels. */
export interface PickerCroppedData {
  /** Where the part was, and how large. */
  cropArea: { position: [number, number]; size: [number, number] };
  /** Width and height of the whole, as it was turned; where the source does not tell them, in the scale of what is stored. */
  originalImageSize: [number, number];
}

/** How an image was turned. */
export interface PickerRotatedData {
  /** Degrees. */
  value: number;
  /** Clockwise, or not. */
  direction: 'CW' | 'CCW';
}

/** Why something failed. */
export interface PickError {
  /** A name to act on, for example `"photo_gone"` or `"rate_limited"`. */
  code: string;
  /** The reason in English, for developers. */
  message: string;
}

/** Filestack's name of the same. */
export type FSProgressEvent = FileProgress;

/** How much of a file has been copied. */
export interface FileProgress {
  /** From 0 to 100. */
  totalPercent: number;
  /** Bytes copied so far. */
  totalBytes: number;
}

/** What can be uploaded: a `File`, a `Blob`, a string of base64 (also as a data URI), or one of them with a name. */
export type InputFile = RawFile | NamedInputFile;

/** A file without a name of its own. */
export type RawFile = Blob | File | string;

/** A file and its name. */
export interface NamedInputFile {
  /** The name. */
  name?: string;
  /** The file. */
  file: RawFile;
}

/** Words that notices carry, at most ten. */
export interface UploadTags {
  /** The name, and its word. */
  [name: string]: string;
}

/** How files are uploaded. A name that is not here is an error. */
export interface UploadOptions {
  /** Bytes of a part. Default: 6 MiB; more where a file would have more than 10,000 parts. */
  partSize?: number;
  /** How many parts are sent at a time. Default: 3. */
  concurrency?: number;
  /** Hears how much has been sent: at once, in intervals, and at the end. */
  onProgress?: (event: FSProgressEvent) => void;
  /** The interval in milliseconds. Default: 1000. */
  progressInterval?: number;
  /** A request is about to be sent again. */
  onRetry?: () => void;
  /** How often a request is sent again at most. Default: 10. */
  retry?: number;
  /** Each wait is so many times longer than the last, which begins with a second. Default: 2. */
  retryFactor?: number;
  /** The longest wait in milliseconds. Default: 15,000. */
  retryMaxTime?: number;
  /** How long a request may take, in milliseconds. Default: 120,000. */
  timeout?: number;
  /** Filestack's other way to upload; ignored, and the plain one is taken. */
  intelligent?: boolean | 'fallback';
  /** Belongs to that; ignored. */
  intelligentChunkSize?: number;
  /** Ignored: no MD5 of parts is sent. The companion checks that each part and the file have their sizes. */
  disableIntegrityCheck?: boolean;
  /** Words that notices carry. */
  tags?: UploadTags;
}

/** Where files are stored, and as what. A name that is not here is an error. */
export interface StoreUploadOptions {
  /** The name of one of the key's storages. Default: the key's own. */
  location?: string;
  /** A folder within the storage, before `path`. */
  container?: string;
  /** A folder within the storage. */
  path?: string;
  /** Accepted for compatibility; the storage's region is the operator's setting. */
  region?: string;
  /** Who may read the file, as in {@link StoreTo}. Default: `"public"`. */
  access?: string;
  /** Whether the file's key is path and name alone. Default: false. */
  disableStorageKey?: boolean;
  /** Another name, or what makes one of the file. */
  filename?: ((file: any) => string) | string;
  /** Another type. The companion judges by the bytes all the same. */
  mimetype?: string;
  /** Words that stand for the picture; they come back as `alt`. */
  altText?: string;
  /** Filestack's; there are no workflows. */
  workflows?: (string | WorkflowConfig)[];
  /** Which letters of names are replaced, and by what; `false` for none. Default: those of Filestack's client, by `-`. */
  sanitizer?: SanitizeOptions;
  /** As `tags` of {@link UploadOptions}. */
  tags?: UploadTags;
  /** Filestack's; ignored. */
  base64decode?: boolean;
}

/** How names are cleaned. */
export type SanitizeOptions = boolean | { exclude?: string[]; replacement?: string };

/** A file that the page has stored. */
export interface UploadedFile {
  /** Names the file at the companion. */
  handle: string;
  /** Where it is served. */
  url: string;
  /** Its name. */
  filename: string;
  /** Its type. */
  mimetype: string;
  /** Bytes. */
  size: number;
  /** `"Stored"`, or `"Failed"`. */
  status: string;
  /** Where it lies in the storage. */
  key?: string;
  /** The folder asked for. */
  container?: string;
  /** The tags. */
  uploadTags?: UploadTags;
  /** Why it failed. */
  error?: Error;
  /** Whatever else the companion tells of it. */
  [more: string]: any;
}

/** What `metadata` is to tell. */
export interface MetadataOptions {
  /** Bytes. */
  size?: boolean;
  /** The type. */
  mimetype?: boolean;
  /** The name. */
  filename?: boolean;
  /** Pixels. */
  width?: boolean;
  /** Pixels. */
  height?: boolean;
  /** When it was stored, in milliseconds since 1970. */
  uploaded?: boolean;
  /** Whether it can be overwritten. */
  writeable?: boolean;
  /** The source. */
  cloud?: boolean;
  /** The address that it came from. */
  sourceUrl?: boolean;
  /** The hash. */
  md5?: boolean;
  /** The hash. */
  sha1?: boolean;
  /** The hash. */
  sha224?: boolean;
  /** The hash. */
  sha256?: boolean;
  /** The hash. */
  sha384?: boolean;
  /** The hash. */
  sha512?: boolean;
  /** The storage. */
  location?: boolean;
  /** Where it lies in the storage. */
  path?: boolean;
  /** The folder asked for. */
  container?: boolean;
  /** The photo's EXIF. */
  exif?: boolean;
}

/** What `retrieve` is to give. */
export interface RetrieveOptions {
  /** What is known of the file, in place of its bytes. */
  metadata?: boolean;
  /** The headers, in place of the bytes. */
  head?: boolean;
  /** Whether the answer is for a download. */
  dl?: boolean;
  /** An extension for the address. */
  extension?: string;
  /** Whether a cache may answer. */
  cache?: boolean;
}

/** An answer over HTTP. */
export interface FsResponse {
  /** The status. */
  status: number;
  /** Its words. */
  statusText: string;
  /** The headers. */
  headers: any;
  /** The body. */
  data: any;
}

/** What `prefetch` asks. */
export interface PrefetchOptions {
  /** Options of a picker, which come back. */
  pickerOptions?: PickerOptions;
  /** Settings asked for. */
  settings?: 'inapp_browser'[];
  /** Permissions asked for. */
  permissions?: (keyof PrefetchPermissions)[];
  /** Events to be counted; ignored. */
  events?: PrefetchEvents[];
}

/** What Filestack's apps may do. */
export interface PrefetchPermissions {
  /** Always false here. */
  intelligent_ingestion?: boolean;
  /** Always true here. */
  whitelabel?: boolean;
  /** Always false here. */
  transforms_ui?: boolean;
  /** Always false here. */
  enhance?: boolean;
  /** Always false here. */
  advanced_enhance?: boolean;
}

/** What `prefetch` answers. */
export interface PrefetchResponse {
  /** Always false here. */
  blocked?: boolean | string;
  /** The settings. */
  settings?: { inapp_browser?: boolean };
  /** The permissions. */
  permissions?: PrefetchPermissions;
  /** The options that were given. */
  pickerOptions: PickerOptions;
}

/** Events that Filestack counts. Only in the module. */
export enum PrefetchEvents {
  PICKER = 'picker',
  TRANSFORM_UI = 'transform_ui',
}

/** What a policy allows; see `docs/` of the companion. */
export interface SecurityOptions {
  /** When it ends, in seconds since 1970. */
  expiry: number;
  /** What may be done: `pick`, `read`, `stat`, `write`, `writeUrl`, `store`, `convert`, `remove`, `exif`. Default: all. */
  call?: any[];
  /** With which file. */
  handle?: string;
  /** With which addresses: a regular expression. */
  url?: string;
  /** The largest file, in bytes. */
  maxSize?: number;
  /** The smallest file, in bytes. */
  minSize?: number;
  /** To which paths: a regular expression. */
  path?: string;
  /** To which containers: a regular expression. */
  container?: string;
}

/** Signs a policy, on the site's server: whoever has the secret may do everything. Only in the module; throws in browsers. */
export function getSecurity(policyOptions: SecurityOptions, appSecret: string): Security;

/** The headers of a notice. */
export interface WebhookValidatePayload {
  /** `FS-Timestamp`. */
  timestamp: string;
  /** `FS-Signature`. */
  signature: string;
}

/** Whether a notice is the companion's, by the receiver's secret; on the site's server. Only in the module; throws in browsers. */
export function validateWebhookSignature(secret: string, rawBody: string, toCompare: WebhookValidatePayload): boolean;

/** What an error of a call has. */
export interface FilestackError extends Error {
  /** More of it. */
  details?: any;
  /** The HTTP status, where the companion refused. */
  status?: number;
  /** The companion's code, for example `"not_allowed"`. */
  code?: string;
}

/** The tasks of an address, by their names in Filestack's grammar or in camel case, and each task's parameters. */
export interface TransformOptions {
  /** Upside down. */
  flip?: boolean;
  /** Mirrored. */
  flop?: boolean;
  /** Smaller. */
  compress?: boolean;
  /** Without EXIF and the like. */
  no_metadata?: boolean;
  /** Without EXIF and the like. */
  noMetadata?: TransformOptions['no_metadata'];
  /** In the format that the browser likes best. */
  auto_image?: boolean;
  /** In the format that the browser likes best. */
  autoImage?: TransformOptions['auto_image'];
  /** Width and height, as JSON. */
  imagesize?: boolean;
  /** Better to look at. */
  enhance?: boolean | { preset?: string };
  /** The same, as Filestack's types spell it. */
  enchance?: boolean;
  /** Without red eyes. */
  redeye?: boolean;
  /** In greys. */
  monochrome?: boolean;
  /** As a negative. */
  negative?: boolean;
  /** What is seen, as JSON. */
  tags?: boolean;
  /** Whether it is fit for work, as JSON. */
  sfw?: boolean;
  /** Several files in one. */
  zip?: boolean;
  /** A progressive JPEG. */
  pjpg?: { quality?: number; metadata?: boolean };
  /** Cropped to what matters. */
  smart_crop?: { mode?: ESmartCropMode | `${ESmartCropMode}`; width: number; height: number; fill_color?: string; coords?: boolean };
  /** Cropped to what matters. */
  smartCrop?: TransformOptions['smart_crop'];
  /** With another image on it. */
  watermark?: { file?: string; files?: string; size?: number; position?: EImageWatermarkPosition | `${EImageWatermarkPosition}` | (EImageWatermarkPosition | `${EImageWatermarkPosition}`)[] };
  /** Stored as a new file. */
  store?: { filename?: string; location?: string; path?: string; container?: string; region?: string; access?: string; base64decode?: boolean };
  /** In another size. */
  resize?: { width?: number; height?: number; fit?: EFitOptions | `${EFitOptions}`; align?: EAlignFacesOptions | `${EAlignFacesOptions}` | (EAlignFacesOptions | `${EAlignFacesOptions}`)[] };
  /** A part: x, y, width, height. */
  crop?: { dim: [number, number, number, number] };
  /** Turned. */
  rotate?: { deg?: number | string; color?: string; background?: string; exif?: boolean };
  /** With faces marked. */
  detect_faces?: boolean | { minsize?: number; maxsize?: number; color?: string; export?: boolean };
  /** With faces marked. */
  detectFaces?: TransformOptions['detect_faces'];
  /** Cropped to faces. */
  crop_faces?: boolean | { mode?: ECropfacesType | `${ECropfacesType}`; width?: number; height?: number; faces?: number | string; buffer?: number };
  /** Cropped to faces. */
  cropFaces?: TransformOptions['crop_faces'];
  /** With faces made coarse. */
  pixelate_faces?: boolean | { faces?: number | string; minsize?: number; maxsize?: number; buffer?: number; amount?: number; blur?: number; type?: EShapeType | `${EShapeType}` };
  /** With faces made coarse. */
  pixelateFaces?: TransformOptions['pixelate_faces'];
  /** With faces blurred. */
  blur_faces?: boolean | { faces?: number | string; minsize?: number; maxsize?: number; buffer?: number; amount?: number; blur?: number; type?: EShapeType | `${EShapeType}` };
  /** With faces blurred. */
  blurFaces?: TransformOptions['blur_faces'];
  /** With round corners. */
  rounded_corners?: boolean | { radius?: number | 'max'; blur?: number; background?: string };
  /** With round corners. */
  roundedCorners?: TransformOptions['rounded_corners'];
  /** Darker towards its edges. */
  vignette?: boolean | { amount?: number; blurmode?: EBlurMode | `${EBlurMode}`; background?: string };
  /** As an instant photo. */
  polaroid?: boolean | { color?: string; rotate?: number; background?: string };
  /** As if torn out. */
  torn_edges?: boolean | { spread?: [number, number]; background?: string };
  /** As if torn out. */
  tornEdges?: TransformOptions['torn_edges'];
  /** With a shadow. */
  shadow?: boolean | { blur?: number; opacity?: number; vector?: [number, number]; color?: string; background?: string };
  /** Round. */
  circle?: boolean | { background?: string };
  /** With a frame. */
  border?: boolean | { width?: number; color?: string; background?: string };
  /** Sharper. */
  sharpen?: boolean | { amount?: number };
  /** Blurred. */
  blur?: boolean | { amount?: number };
  /** In black and white. */
  blackwhite?: boolean | { threshold?: number };
  /** In browns. */
  sepia?: boolean | { tone?: number };
  /** Coarse. */
  pixelate?: boolean | { amount?: number };
  /** As if painted. */
  oil_paint?: boolean | { amount?: number };
  /** As if painted. */
  oilPaint?: TransformOptions['oil_paint'];
  /** With other colours. */
  modulate?: boolean | { brightness?: number; hue?: number; saturation?: number };
  /** Coarse in parts. */
  partial_pixelate?: { amount?: number; blur?: number; type?: EShapeType | `${EShapeType}`; objects?: [number, number, number, number][] };
  /** Coarse in parts. */
  partialPixelate?: TransformOptions['partial_pixelate'];
  /** Blurred in parts. */
  partial_blur?: { amount?: number; blur?: number; type?: EShapeType | `${EShapeType}`; objects?: [number, number, number, number][] };
  /** Blurred in parts. */
  partialBlur?: TransformOptions['partial_blur'];
  /** Several images in one. */
  collage?: { margin?: number; width?: number; height?: number; color?: string; fit?: EFitOptions | `${EFitOptions}`; files: string[]; autorotate?: boolean };
  /** Twice as large. */
  upscale?: boolean | { upscale?: boolean; noise?: ENoiseType | `${ENoiseType}`; style?: EStyleType | `${EStyleType}` };
  /** In letters. */
  ascii?: boolean | { background?: string; foreground?: string; colored?: boolean; size?: number; reverse?: boolean };
  /** A GIF of several images. */
  animate?: { delay?: number; loop?: number; width?: number; height?: number; fit?: string; align?: string; background?: string };
  /** Of JPEG and WebP, 1 to 100. */
  quality?: { value: number };
  /** The policy; that of the client is added by itself. */
  security?: Security | { policy: string; signature?: string };
  /** In another format. */
  output?: { format?: string; colorspace?: string; strip?: boolean; quality?: number; page?: number; compress?: boolean; density?: number; background?: string; secure?: boolean; docinfo?: boolean; pageformat?: string; pageorientation?: string; tint?: string; vector?: string };
  /** How long caches may keep it; `false` for not at all. */
  cache?: boolean | { cache?: boolean; expiry?: number };
  /** Another file where this one cannot be had. */
  fallback?: { handle: string; cache?: number };
  /** Another video. */
  video_convert?: { [parameter: string]: unknown };
  /** Another video. */
  videoConvert?: TransformOptions['video_convert'];
  /** A picture of a page. */
  urlscreenshot?: boolean | { agent?: EUrlscreenshotAgent | `${EUrlscreenshotAgent}`; width?: number; height?: number; mode?: EUrlscreenshotMode | `${EUrlscreenshotMode}`; delay?: number; orientation?: EUrlscreenshotOrientation | `${EUrlscreenshotOrientation}`; device?: string };
  /** What is known of a PDF. */
  pdfinfo?: boolean | { colorinfo?: boolean };
  /** Another PDF. */
  pdfconvert?: boolean | { pageorientation?: string; pageformat?: string; pages?: (string | number)[] };
  /** A shorter style sheet. */
  minify_css?: boolean | { gzip?: boolean; level?: number };
  /** A shorter style sheet. */
  minifyCss?: TransformOptions['minify_css'];
  /** A shorter script. */
  minify_js?: boolean | { [parameter: string]: unknown };
  /** A shorter script. */
  minifyJs?: TransformOptions['minify_js'];
}

/** Words of {@link TransformOptions}, which do as well as they are. Only in the module. */
export enum EAlignFacesOptions {
  left = 'left',
  right = 'right',
  center = 'center',
  bottom = 'bottom',
  top = 'top',
  faces = 'faces',
}

/** Words of {@link TransformOptions}, which do as well as they are. Only in the module. */
export enum EAlignOptions {
  left = 'left',
  right = 'right',
  center = 'center',
  bottom = 'bottom',
  top = 'top',
}

/** Words of {@link TransformOptions}, which do as well as they are. Only in the module. */
export enum EBlurMode {
  linear = 'linear',
  gaussian = 'gaussian',
}

/** Words of {@link TransformOptions}, which do as well as they are. Only in the module. */
export enum EColorspaceType {
  RGB = 'RGB',
  CMYK = 'CMYK',
  Input = 'Input',
}

/** Words of {@link TransformOptions}, which do as well as they are. Only in the module. */
export enum ECropfacesType {
  thumb = 'thumb',
  crop = 'crop',
  fill = 'fill',
}

/** Words of {@link TransformOptions}, which do as well as they are. Only in the module. */
export enum EFitOptions {
  clip = 'clip',
  crop = 'crop',
  scale = 'scale',
  max = 'max',
}

/** Words of {@link TransformOptions}, which do as well as they are. Only in the module. */
export enum EImageWatermarkPosition {
  top = 'top',
  middle = 'middle',
  bottom = 'bottom',
  left = 'left',
  center = 'center',
  right = 'right',
}

/** Words of {@link TransformOptions}, which do as well as they are. Only in the module. */
export enum ENoiseType {
  none = 'none',
  low = 'low',
  medium = 'medium',
  high = 'high',
}

/** Words of {@link TransformOptions}, which do as well as they are. Only in the module. */
export enum EShapeType {
  oval = 'oval',
  rect = 'rect',
}

/** Words of {@link TransformOptions}, which do as well as they are. Only in the module. */
export enum ESmartCropMode {
  fit = 'fit',
  auto = 'auto',
}

/** Words of {@link TransformOptions}, which do as well as they are. Only in the module. */
export enum EStyleType {
  artwork = 'artwork',
  photo = 'photo',
}

/** Words of {@link TransformOptions}, which do as well as they are. Only in the module. */
export enum EUrlscreenshotAgent {
  desktop = 'desktop',
  mobile = 'mobile',
}

/** Words of {@link TransformOptions}, which do as well as they are. Only in the module. */
export enum EUrlscreenshotMode {
  all = 'all',
  window = 'window',
}

/** Words of {@link TransformOptions}, which do as well as they are. Only in the module. */
export enum EUrlscreenshotOrientation {
  portrait = 'portrait',
  landscape = 'landscape',
}

/**
 * `<bowerbird-picker>`: a button that picks, and a field of the form around it. The words on it are its children. Importing the
 * package, or including the script, defines it.
 *
 * Attributes are `apikey` and `url` (without them it picks with the client that `init` made last); `accept`, `from-sources`,
 * `max-files`, `min-files`, `lang`, `theme`, `view-type` and `display-mode`, which mean what the options mean, lists with commas
 * or spaces; and those of a field: `name`, `required`, `disabled`, and `value`, handles with commas between. A form sends each
 * handle as an entry of its own under `name`. `::part(button)` styles the button.
 *
 * @example
 * <form>
 *   <bowerbird-picker apikey="demo" url="https://companion.example" name="photo" max-files="5" required>Add photos</bowerbird-picker>
 * </form>
 */
export interface BowerbirdPickerElement extends HTMLElement {
  /** Options that no attribute has, callbacks for example. An attribute goes before them. */
  options: PickOptions | undefined;
  /** What was picked last; of files that `value` named there are only the handles. */
  files: readonly PickedFile[];
  /** The handles of `files`, with commas between. */
  value: string;
  /** The name of its entries in the form's data. */
  name: string;
  /** Whether the form wants a file. */
  required: boolean;
  /** Whether it cannot be pressed, and counts for nothing in the form. */
  disabled: boolean;
  /** The form that it is in. */
  readonly form: HTMLFormElement | null;
  /** What the form finds wrong with it: `valueMissing`, or nothing. */
  readonly validity: ValidityState;
  /** The same in words, in the visitor's language. */
  readonly validationMessage: string;
  /** Picks, as a click does. Resolves with nothing where it is disabled, open already, or an `error` came. */
  pick(): Promise<PickResponse | undefined>;
  /** Whether it is valid; where not, it gets an `invalid` event. */
  checkValidity(): boolean;
  /** The same, and the browser tells the visitor. */
  reportValidity(): boolean;
  /** `pick` and `cancel` carry what the pick came to, `error` why it could not be. All but `error` bubble. */
  addEventListener<K extends keyof BowerbirdPickerEventMap>(type: K, listener: (event: BowerbirdPickerEventMap[K]) => unknown, options?: boolean | AddEventListenerOptions): void;
  /** Any other event. */
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
}

/** The events of `<bowerbird-picker>` that other elements do not have. */
export interface BowerbirdPickerEventMap {
  /** Files were picked; not all of them need be stored. */
  pick: CustomEvent<PickResponse>;
  /** The visitor left without a file. */
  cancel: CustomEvent<PickResponse>;
  /** `files` and `value` are others now. */
  change: CustomEvent<null>;
  /** The options are wrong, or the picker's files cannot be loaded. It is on the console too, unless prevented. */
  error: CustomEvent<Error>;
}

declare global {
  interface HTMLElementTagNameMap {
    /** A button that picks. */
    'bowerbird-picker': BowerbirdPickerElement;
  }
}
