// What the types refuse: every line that ends in `// wrong`, and no other.
import * as bowerbird from 'bowerbird';

const client = bowerbird.init('demo', { url: 'https://companion.example' });
bowerbird.init('demo', { adress: 'https://companion.example' }); // wrong
bowerbird.init('demo', { security: { policy: 'p' } }); // wrong
client.pick({ maxFiles: 5, theme: 'dark' });
client.pick({ maxFils: 5 }); // wrong
client.picker({ minFiles: '1' }); // wrong
client.picker({ displayMode: 'modal' }); // wrong
client.picker({ onUploadDone: (response: bowerbird.PickedFile) => response }); // wrong
client.upload(5); // wrong
client.upload('YQ==', { partsize: 1 }); // wrong
client.upload('YQ==', {}, { loction: 's3' }); // wrong
client.metadata('handle', { sice: true }); // wrong
client.transform('handle', { rezise: { width: 1 } }); // wrong
client.transform('handle', { resize: { widht: 1 } }); // wrong
client.pick().then(({ filesUploaded }) => filesUploaded[0].sha256?.length);
client.pick().then(({ filesUploaded }) => filesUploaded[0].hash); // wrong
