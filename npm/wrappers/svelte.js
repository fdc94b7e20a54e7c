// `bowerbird/svelte`: components for Svelte 5, which a site's build compiles as it does its own.
export { default as PickerOverlay } from './PickerOverlay.svelte';
export { default as PickerInline } from './PickerInline.svelte';
export { default as PickerDropPane } from './PickerDropPane.svelte';
