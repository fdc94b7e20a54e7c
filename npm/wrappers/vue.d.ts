import type { DefineComponent } from 'vue';
import type { PickerProps } from './mount.js';

export type { PickerComponentOptions, PickerProps } from './mount.js';

/** A dialog over the page. Draws nothing of its own. */
export const PickerOverlay: DefineComponent<PickerProps>;
/** A picker in a part of the page: in a `div`, 500 pixels high unless its `style` says otherwise. */
export const PickerInline: DefineComponent<PickerProps>;
/** A pane to drop files on, in a `div`; a click opens the dialog. */
export const PickerDropPane: DefineComponent<PickerProps>;
