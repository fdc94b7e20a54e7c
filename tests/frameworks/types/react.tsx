import { PickerDropPane, PickerInline, PickerOverlay, client, type PickerProps } from 'bowerbird/react';

const urls: string[] = [];
const props: PickerProps = { apikey: 'demo', clientOptions: { url: 'https://companion.example', sessionCache: true } };

// As it is written for `filestack-react`.
export const overlay = <PickerOverlay
  {...props}
  pickerOptions={{ accept: ['image/*'], fromSources: ['facebook'], maxFiles: 5, onFileUploadFinished: file => urls.push(file.url) }}
  onSuccess={response => urls.push(...response.filesUploaded.map(file => file.url))}
  onUploadDone={response => console.log(response.filesFailed[0]?.error?.code)}
  onError={error => console.error(error.message)}
/>;
export const inline = <PickerInline apikey="demo" url="https://companion.example" options={{ viewType: 'list' }} onCancel={files => console.log(files.length)}>
  <section className="photos" />
</PickerInline>;
export const pane = <PickerDropPane apikey="demo" options={{ dropPane: { onProgress: percent => console.log(percent) } }} onOpen={picker => picker.close()} />;
export const address = client.init('demo').transform('handle', { flip: true });

export const missing = <PickerOverlay />; // wrong
export const key = <PickerOverlay apikey={1} />; // wrong
export const option = <PickerInline apikey="demo" options={{ maxFile: 5 }} />; // wrong
export const field = <PickerInline apikey="demo" onUploadDone={response => response.files} />; // wrong
export const mode = <PickerInline apikey="demo" options={{ onUploadDone: 'log' }} />; // wrong
