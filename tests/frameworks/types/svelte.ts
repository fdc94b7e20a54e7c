import { PickerDropPane, PickerInline, PickerOverlay } from 'bowerbird/svelte';
import { mount } from 'svelte';

const urls: string[] = [];
const target = document.body;
mount(PickerOverlay, {
  target,
  props: {
    apikey: 'demo',
    url: 'https://companion.example',
    options: { accept: ['image/*'], maxFiles: 5 },
    onUploadDone: response => urls.push(...response.filesUploaded.map(file => file.url)),
    onError: error => console.error(error.message),
  },
});
mount(PickerInline, { target, props: { apikey: 'demo', class: 'photos', style: 'height: 100%', onCancel: files => console.log(files.length) } });
mount(PickerDropPane, { target, props: { apikey: 'demo', options: { dropPane: { customText: 'Drop here' } } } });

mount(PickerOverlay, { target, props: {} }); // wrong
mount(PickerOverlay, { target, props: { apikey: 1 } }); // wrong
mount(PickerInline, { target, props: { apikey: 'demo', options: { maxFile: 5 } } }); // wrong
mount(PickerInline, { target, props: { apikey: 'demo', onUploadDone: response => response.files } }); // wrong
