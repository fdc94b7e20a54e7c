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
  security?: { policy: string; signature: string };
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
}

/**
 * A place that files come from. A name that is not known is warned about on the console and left out; when none is
 * left, `pick` rejects.
 */
export type Source = 'facebook' | 'instagram' | (string & {});

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
  /** The sources offered, in this order. Default: all that there are. */
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
  customText?: Record<string, string>;
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
  displayMode?: 'overlay' | 'inline' | 'dropPane';
  /** The element that the picker is drawn in: its id, a selector, or the node. Needed unless it is an overlay. */
  container?: string | Node;
  /** The id of the element that holds the picker's shadow root; two that are open at once need two. Default: `"__bowerbird-picker"`. */
  rootId?: string;
  /** How photos are laid out. Default: `"grid"`. */
  viewType?: 'grid' | 'list';
  /** The dialog's width and height in pixels, where the page is at least 980 wide. Default: as the window allows. */
  modalSize?: [number, number];
  /** The picker's colours; `"auto"`, the default, follows the visitor's system. */
  theme?: 'auto' | 'light' | 'dark';
  /** Whether the dialog goes when copying begins; the callbacks and the promise tell the rest. Default: false. */
  hideModalWhenUploading?: boolean;
  /** The pane of `displayMode: 'dropPane'`. */
  dropPane?: DropPane;
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
   * message to the visitor.
   */
  onFileSelected?: (file: PickedFile) => unknown;
  /** The choice was confirmed, and copying begins. */
  onUploadStarted?: (files: PickedFile[]) => void;
  /** The companion has begun to copy this file. */
  onFileUploadStarted?: (file: PickedFile) => void;
  /** More of this file has been copied. */
  onFileUploadProgress?: (file: PickedFile, progress: FileProgress) => void;
  /** This file is stored. */
  onFileUploadFinished?: (file: PickedFile) => void;
  /** This file could not be stored. */
  onFileUploadFailed?: (file: PickedFile, error: Error) => void;
  /** The visitor gave this file up while it was copied. */
  onFileUploadCancel?: (file: PickedFile) => void;
  /** All is over and the dialog is gone; the promise resolves with the same. Not called after a cancel. */
  onUploadDone?: (response: PickResponse) => void;
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
  /** Something was dropped on the pane. Files of the device are not taken yet: the dialog opens. */
  onDrop?: (event: DragEvent) => void;
  /** So much of all files is copied, from 0 to 100. */
  onProgress?: (percent: number) => void;
  /** These files are stored. */
  onSuccess?: (files: PickedFile[]) => void;
  /** These files could not be stored. */
  onError?: (files: PickedFile[]) => void;
}

/** Where files are stored, within what the companion's operator allows. */
export interface StoreTo {
  /** The name of one of the key's storages; `"s3"` is an alias for the default one, whatever its make. */
  location?: string;
  /** A folder within the storage, before `path`. */
  container?: string;
  /** A folder within the storage, for example `"/orders/17/"`. */
  path?: string;
  /** Accepted for compatibility; the storage's region is the operator's setting. */
  region?: string;
  /**
   * Who may read the file: everyone who has the URL, or only the session that stored it and holders of a policy that the site's
   * server signed. Default: `"public"`.
   */
  access?: 'public' | 'private';
}

/** What a pick comes to. Both lists are in the order in which the files were chosen. */
export interface PickResponse {
  /** The stored files. */
  filesUploaded: PickedFile[];
  /** The chosen files that could not be stored; each has an `error`. */
  filesFailed: PickedFile[];
}

/**
 * A file that the visitor chose: the fields of Filestack's file metadata, and what the source tells besides.
 * Before it is stored, `mimetype`, `width` and `height` are what the source promises; afterwards what the bytes say.
 */
export interface PickedFile {
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
  /** Where it comes from. */
  source: Source;
  /** The way through the source by folder names, for example `"/Holidays in Lisbon/1.jpg"`. */
  originalPath: string;
  /** Names this file within this pick. */
  uploadId: string;
  /** How far the copy is: `"Stored"`, or absent. */
  status?: 'Stored' | 'InTransit';
  /** Where the file lies in the storage. */
  key?: string;
  /** The folder asked for in `storeTo.container`. */
  container?: string;
  /** Words that stand for the picture: the caption, or empty. */
  alt: string;
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

/** Why something failed. */
export interface PickError {
  /** A name to act on, for example `"photo_gone"` or `"rate_limited"`. */
  code: string;
  /** The reason in English, for developers. */
  message: string;
}

/** How much of a file has been copied. */
export interface FileProgress {
  /** From 0 to 100. */
  totalPercent: number;
  /** Bytes copied so far. */
  totalBytes: number;
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
