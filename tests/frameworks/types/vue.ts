import { PickerDropPane, PickerInline, PickerOverlay } from 'bowerbird/vue';
import { h } from 'vue';

const urls: string[] = [];
export const overlay = h(PickerOverlay, {
  apikey: 'demo',
  url: 'https://companion.example',
  options: { accept: ['image/*'], maxFiles: 5 },
  onUploadDone: response => urls.push(...response.filesUploaded.map(file => file.url)),
  onFileSelected: file => ({ ...file, name: 'photo.jpg' }),
  onError: error => console.error(error.message),
});
export const inline = h(PickerInline, { apikey: 'demo', class: 'photos', style: { height: '100%' }, onCancel: files => console.log(files.length) });
export const pane = h(PickerDropPane, { apikey: 'demo', options: { dropPane: { customText: 'Drop here' } } });

export const key = h(PickerOverlay, { apikey: 1 }); // wrong
export const option = h(PickerInline, { apikey: 'demo', options: { maxFile: 5 } }); // wrong
export const field = h(PickerInline, { apikey: 'demo', onUploadDone: response => response.files }); // wrong
