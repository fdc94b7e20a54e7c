import type { ReactElement } from 'react';
import type { PickerProps } from './mount.js';

export type { PickerComponentOptions, PickerProps } from './mount.js';
/** The package itself. */
export * as client from 'bowerbird';

/** A dialog over the page. Draws nothing of its own. */
export function PickerOverlay(props: PickerProps & { children?: ReactElement }): ReactElement | null;
/** A picker in a part of the page: in its child, or in a `div` 500 pixels high. */
export function PickerInline(props: PickerProps & { children?: ReactElement }): ReactElement | null;
/** A pane to drop files on, in its child or in a `div`; a click opens the dialog. */
export function PickerDropPane(props: PickerProps & { children?: ReactElement }): ReactElement | null;
