import type { Component } from 'svelte';
import type { PickerProps } from './mount.js';

export type { PickerComponentOptions, PickerProps } from './mount.js';

/** How the `div` around a picker looks. */
interface Looks {
  /** Its class. */
  class?: string;
  /** Its style. */
  style?: string;
}

/** A dialog over the page. Draws nothing of its own. */
export const PickerOverlay: Component<PickerProps>;
/** A picker in a part of the page: in a `div`, 500 pixels high unless `style` says otherwise. */
export const PickerInline: Component<PickerProps & Looks>;
/** A pane to drop files on, in a `div`; a click opens the dialog. */
export const PickerDropPane: Component<PickerProps & Looks>;
