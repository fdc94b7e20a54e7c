import type { ClientOptions, PickerInstance, PickOptions, PickedFile, PickResponse } from 'bowerbird';

/** What the events of a pick tell the components: those of {@link PickOptions}, `onOpen` and `onCancel` as a picker has them. */
type Events = Pick<PickOptions, 'onClose' | 'onFileSelected' | 'onFileCropped' | 'onUploadStarted' | 'onFileUploadStarted' | 'onFileUploadProgress' |
  'onFileUploadFinished' | 'onFileUploadFailed' | 'onFileUploadCancel' | 'onUploadDone'>;

/** Options of a picker, heard of by listeners. `displayMode` and the place follow from the component. */
export type PickerComponentOptions = Omit<PickOptions, 'onOpen' | 'onCancel' | 'signal'> & Pick<PickerProps, 'onOpen' | 'onCancel'>;

/**
 * What the components for React, Vue and Svelte take. A picker is there while its component is. Listeners can change at any time;
 * anything else that changes closes it and opens it anew.
 */
export interface PickerProps extends Events {
  /** The key of this site, as the companion knows it. */
  apikey: string;
  /** Where the companion is, for example `"https://companion.example"`. */
  url?: string;
  /** The settings of the client, as `init` takes them; `url` may be here instead. */
  clientOptions?: ClientOptions;
  /** What to pick. */
  options?: PickerComponentOptions;
  /** The name that `filestack-react` has for `options`; where both say something, this holds. */
  pickerOptions?: PickerComponentOptions;
  /** The same as `onUploadDone`, which `filestack-react` has too. */
  onSuccess?: (response: PickResponse) => void;
  /** The options are wrong, or the picker's files cannot be loaded. Default: the error is on the console. */
  onError?: (error: Error) => void;
  /** The picker is on the screen. */
  onOpen?: (picker: PickerInstance) => void;
  /** The visitor cancelled. `files` are those stored until then. Closing by unmounting is not told. */
  onCancel?: (files: PickResponse & PickedFile[]) => void;
}
